import { http1Errors } from "./errors.ts";

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const value = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Header lines checked and written once, for requests that always carry the same ones. */
export class EncodedHeaders {
  readonly lines: string;

  /** The lines of `before` come first. Throws LL_HTTP1_REQUEST as `encodeRequest` does. */
  constructor(headers: readonly string[], before?: EncodedHeaders) {
    this.lines = (before?.lines ?? "") + encodeFields(headers);
  }
}

/** The lines of a flat list; framing headers are the writer's and are left out. */
export function encodeFields(headers: readonly string[] | EncodedHeaders): string {
  if (headers instanceof EncodedHeaders) return headers.lines;
  let lines = "";
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? "";
    const text = headers[i + 1] ?? "";
    if (!token.test(name) || !value.test(text)) {
      throw http1Errors.make("LL_HTTP1_REQUEST", `malformed header ${JSON.stringify(name)}.`);
    }
    if (!isFraming(name)) lines += `${name}: ${text}\r\n`;
  }
  return lines;
}

function isFraming(name: string): boolean {
  if (name.length !== 14 && name.length !== 17) return false;
  const lower = name.toLowerCase();
  return lower === "content-length" || lower === "transfer-encoding";
}
