import type { ByteStream } from "./byte-stream.ts";
import { printable, WireFault } from "./fault.ts";

/** An error reply such as `WRONGPASS ...`. */
export class RespError {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

export type RespValue = string | number | null | RespError | readonly RespValue[];

/** A reply as words for a sentence; lists and error replies as JSON. */
export function replyText(reply: RespValue): string {
  return typeof reply === "object" && reply !== null ? JSON.stringify(reply) : String(reply);
}

const depthMax = 8;
const itemsMax = 10_000;
const bulkBytesMax = 16 * 1024 * 1024;

function count(text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= -1 && value <= most) return value;
  throw new WireFault("protocol", `an impossible length ${JSON.stringify(text.slice(0, 40))}`);
}

function integer(text: string): number {
  if (/^[+-]?\d{1,20}$/.test(text)) return Number(text);
  throw new WireFault("protocol", `no number of Redis but ${JSON.stringify(text.slice(0, 40))}`);
}

/** Reads one reply of RESP2. @throws WireFault `protocol` for what is none. */
export async function readReply(stream: ByteStream, depth = 0): Promise<RespValue> {
  const line = await stream.readLine();
  const rest = line.slice(1);
  if (line.startsWith("+")) return rest;
  if (line.startsWith("-")) return new RespError(rest);
  if (line.startsWith(":")) return integer(rest);
  if (line.startsWith("$")) {
    const length = count(rest, bulkBytesMax);
    if (length < 0) return null;
    return (await stream.read(length + 2)).subarray(0, length).toString("utf8");
  }
  if (line.startsWith("*") && depth < depthMax) {
    const length = count(rest, itemsMax);
    if (length < 0) return null;
    const items: RespValue[] = [];
    for (let i = 0; i < length; i++) items.push(await readReply(stream, depth + 1));
    return items;
  }
  const raw = printable(Buffer.from(line));
  // A piece of a line might be a piece of a secret.
  const shown = raw.length <= 200 ? JSON.stringify(raw) : `${raw.length} characters`;
  throw new WireFault("protocol", `no reply of Redis but ${shown}`, raw);
}

/** One command as an array of bulk strings. */
export function encodeCommand(words: readonly string[]): Buffer {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return Buffer.from(`*${words.length}\r\n${parts.join("")}`);
}

/** Sends a command and waits for its reply. */
export function command(stream: ByteStream, ...words: readonly string[]): Promise<RespValue> {
  stream.write(encodeCommand(words));
  return readReply(stream);
}
