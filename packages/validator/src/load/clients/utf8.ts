import { isUtf8 } from "node:buffer";

/** Longest start of a character that a read may end in. */
const tailMax = 3;

/** Whether bytes that come in reads are UTF-8, whatever character a read ends in. */
export class Utf8Reads {
  #tail: Buffer | null = null;

  /** A start of a character is still without its end. */
  get isCut(): boolean {
    return this.#tail !== null;
  }

  /** How many bytes of this read come before the first that cannot be UTF-8: all, mostly. */
  feed(chunk: Buffer): number {
    const tail = this.#tail;
    if (tail === null && isUtf8(chunk)) return chunk.length;
    const all = tail === null ? chunk : Buffer.concat([tail, chunk]);
    const from = startOfTail(all);
    // Copied: the reader reuses its buffer.
    this.#tail = from === all.length ? null : Buffer.from(all.subarray(from));
    if (isUtf8(all.subarray(0, from))) return chunk.length;
    return Math.max(0, validBytes(all) - (tail?.length ?? 0));
  }
}

/** Length of the longest start that may still become UTF-8. */
function validBytes(bytes: Buffer): number {
  let [valid, invalid] = [0, bytes.length];
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    const start = bytes.subarray(0, middle);
    if (isUtf8(start.subarray(0, startOfTail(start)))) valid = middle;
    else invalid = middle;
  }
  return valid;
}

/** Where a character begins that the bytes end inside of; their length when there is none. */
function startOfTail(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(tailMax, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    // No character begins with more than 0xf4.
    const length = byte > 0xf4 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
