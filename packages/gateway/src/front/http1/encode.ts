import type { Clock } from "@loadline/kit/clock";
import { nodeHttp } from "@loadline/kit/node-http";
import { gatewayErrors } from "../../errors.ts";

const space = 32;
const tab = 9;
const del = 127;

/** Places whose last line is kept: most of an answer's headers are those of the answer before. */
const placesMax = 64;

/** Writes response heads; lines that are as before are not made and checked again. */
export interface HeadEncoder {
  /**
   * A head up to its empty line. `framing` is the body's own line with its CRLF.
   * @throws LL_INTERNAL_UNEXPECTED for a value that would break out of its line
   */
  encode(status: number, headers: readonly string[], framing: string, keep: boolean): string;
}

/** `keepAliveMs` is announced to clients in whole seconds; `hsts` goes into every answer. */
export function createHeadEncoder(clock: Clock, keepAliveMs: number, hsts?: string): HeadEncoder {
  const hstsLine = hsts === undefined ? "" : lineOf("strict-transport-security", hsts);
  const statusLines = new Map<number, string>();
  const keepLines = `connection: keep-alive\r\nkeep-alive: timeout=${Math.floor(keepAliveMs / 1000)}\r\n\r\n`;
  const names: string[] = Array.from({ length: placesMax }, () => "");
  const values = names.slice();
  const lines = names.slice();
  let second = -1;
  let keepTail = "";
  let closeTail = "";
  const refresh = (nowMs: number): void => {
    second = Math.floor(nowMs / 1000);
    const date = new Date(nowMs).toUTCString();
    const common = `x-content-type-options: nosniff\r\n${hstsLine}date: ${date}\r\n`;
    keepTail = common + keepLines;
    closeTail = `${common}connection: close\r\n\r\n`;
  };
  const statusLine = (status: number): string => {
    let line = statusLines.get(status);
    if (line === undefined) {
      line = `HTTP/1.1 ${status} ${nodeHttp.STATUS_CODES[status] ?? "Unknown"}\r\n`;
      statusLines.set(status, line);
    }
    return line;
  };
  const lineAt = (place: number, name: string, value: string): string => {
    if (names[place] === name && values[place] === value) return lines[place] ?? "";
    const line = lineOf(name, value);
    if (place < placesMax) {
      names[place] = name;
      values[place] = value;
      lines[place] = line;
    }
    return line;
  };
  return {
    encode(status, headers, framing, keep) {
      const nowMs = clock.wallMs();
      if (Math.floor(nowMs / 1000) !== second) refresh(nowMs);
      let head = statusLine(status);
      for (let i = 0; i + 1 < headers.length; i += 2)
        head += lineAt(i >> 1, headers[i] ?? "", headers[i + 1] ?? "");
      return head + framing + (keep ? keepTail : closeTail);
    },
  };
}

function lineOf(name: string, value: string): string {
  if (!isFieldValue(value)) throw broken(name);
  return `${name}: ${value}\r\n`;
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
