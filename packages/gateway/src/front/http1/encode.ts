import { STATUS_CODES } from "node:http";
import type { Clock } from "@loadline/kit/clock";
import { gatewayErrors } from "../../errors.ts";

const space = 32;
const tab = 9;
const del = 127;

/** Writes response heads; the lines that are the same for a second are written once in it. */
export interface HeadEncoder {
  /**
   * A head up to its empty line. `framing` is the body's own line with its CRLF.
   * @throws LL_INTERNAL_UNEXPECTED for a value that would break out of its line
   */
  encode(status: number, headers: readonly string[], framing: string, keep: boolean): string;
}

/** `keepAliveMs` is announced to clients in whole seconds. */
export function createHeadEncoder(clock: Clock, keepAliveMs: number): HeadEncoder {
  const statusLines = new Map<number, string>();
  const keepLines = `connection: keep-alive\r\nkeep-alive: timeout=${Math.floor(keepAliveMs / 1000)}\r\n\r\n`;
  let second = -1;
  let keepTail = "";
  let closeTail = "";
  const refresh = (nowMs: number): void => {
    second = Math.floor(nowMs / 1000);
    const date = new Date(nowMs).toUTCString();
    const common = `x-content-type-options: nosniff\r\ndate: ${date}\r\n`;
    keepTail = common + keepLines;
    closeTail = `${common}connection: close\r\n\r\n`;
  };
  const statusLine = (status: number): string => {
    let line = statusLines.get(status);
    if (line === undefined) {
      line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n`;
      statusLines.set(status, line);
    }
    return line;
  };
  return {
    encode(status, headers, framing, keep) {
      const nowMs = clock.wallMs();
      if (Math.floor(nowMs / 1000) !== second) refresh(nowMs);
      let head = statusLine(status);
      for (let i = 0; i + 1 < headers.length; i += 2) {
        const value = headers[i + 1] ?? "";
        if (!isFieldValue(value)) throw broken(headers[i] ?? "");
        head += `${headers[i]}: ${value}\r\n`;
      }
      return head + framing + (keep ? keepTail : closeTail);
    },
  };
}

function isFieldValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if ((code < space && code !== tab) || code === del || code > 255) return false;
  }
  return true;
}

function broken(name: string): Error {
  return gatewayErrors.make(
    "LL_INTERNAL_UNEXPECTED",
    `the answer's header ${name} holds a byte that no header may hold.`,
  );
}
