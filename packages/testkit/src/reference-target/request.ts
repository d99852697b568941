import { Buffer } from "node:buffer";

/** One request as read from the socket. */
export interface TargetRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case; of repeated ones the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  readonly arrivedMs: number;
}

const headEnd = Buffer.from("\r\n\r\n");
const headBytesMax = 65_536;
const bodyBytesMax = 16 * 1024 * 1024;

interface Head {
  readonly method: string;
  readonly target: string;
  readonly headers: Map<string, string>;
  readonly bytes: number;
}

/** Reads requests out of the bytes of one socket. */
export class RequestReader {
  #held: Buffer = Buffer.alloc(0);
  #arrivedMs = Number.NaN;

  /** Adds bytes that were read at `nowMs`. */
  push(chunk: Buffer, nowMs: number): void {
    if (this.#held.length === 0) this.#arrivedMs = nowMs;
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
  }

  /** The next whole request, null while bytes are missing, "bad" when it is none. */
  next(nowMs: number): TargetRequest | null | "bad" {
    const head = readHead(this.#held);
    if (head === null || head === "bad") return head;
    const body = readBody(head, this.#held);
    if (body === null || body === "bad") return body;
    const arrivedMs = this.#arrivedMs;
    this.#held = this.#held.subarray(body.end);
    this.#arrivedMs = nowMs;
    const url = URL.parse(head.target, "http://target");
    if (url === null) return "bad";
    const { method, headers } = head;
    const { pathname, searchParams } = url;
    return { method, path: pathname, query: searchParams, headers, body: body.bytes, arrivedMs };
  }

  /** Bytes behind the request last returned: the first frames after an upgrade. */
  rest(): Buffer {
    const held = this.#held;
    this.#held = Buffer.alloc(0);
    return held;
  }
}

function readHead(held: Buffer): Head | null | "bad" {
  const end = held.indexOf(headEnd);
  if (end === -1) return held.length > headBytesMax ? "bad" : null;
  const [line = "", ...rows] = held.subarray(0, end).toString("latin1").split("\r\n");
  const [method = "", target = "", version = ""] = line.split(" ");
  if (version !== "HTTP/1.1" || method === "" || !target.startsWith("/")) return "bad";
  const headers = new Map<string, string>();
  for (const row of rows) {
    const colon = row.indexOf(":");
    if (colon < 1) return "bad";
    headers.set(row.slice(0, colon).toLowerCase(), row.slice(colon + 1).trim());
  }
  return { method, target, headers, bytes: end + headEnd.length };
}

type Body = { readonly bytes: Buffer; readonly end: number };

function readBody(head: Head, held: Buffer): Body | null | "bad" {
  if ((head.headers.get("transfer-encoding") ?? "") !== "") return readChunks(head.bytes, held);
  const length = Number(head.headers.get("content-length") ?? 0);
  if (!Number.isInteger(length) || length < 0 || length > bodyBytesMax) return "bad";
  const end = head.bytes + length;
  return held.length < end ? null : { bytes: held.subarray(head.bytes, end), end };
}

function readChunks(start: number, held: Buffer): Body | null | "bad" {
  const parts: Buffer[] = [];
  for (let at = start; ;) {
    const lineEnd = held.indexOf("\r\n", at);
    if (lineEnd === -1) return null;
    const size = Number.parseInt(held.toString("latin1", at, lineEnd), 16);
    if (!(size >= 0 && size <= bodyBytesMax)) return "bad";
    const from = lineEnd + 2;
    if (held.length < from + size + 2) return null;
    if (size === 0) return { bytes: Buffer.concat(parts), end: from + 2 };
    parts.push(held.subarray(from, from + size));
    at = from + size + 2;
  }
}
