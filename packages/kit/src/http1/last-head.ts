import { type Head, parseHead } from "./head.ts";

/** Heads up to this length are remembered: servers say the same again and again. */
const rememberedMax = 2048;

/** The last head of one connection: what says the same again is not read again. */
export class LastHead {
  #text = "";
  #head: Head | null = null;
  /** Of a head that came twice in a row; null before. */
  #bytes: Buffer | null = null;

  /** Bytes of the head that `repeated` looks for; 0 for none. */
  get length(): number {
    return this.#bytes?.length ?? 0;
  }

  /** The last head, when the bytes from `at` on begin with it; null when they do not. */
  repeated(buf: Buffer, at: number): Head | null {
    const bytes = this.#bytes;
    if (bytes === null || buf.length - at < bytes.length) return null;
    for (let i = 0; i < bytes.length; i++) if (buf[at + i] !== bytes[i]) return null;
    return this.#head;
  }

  /** Reads a whole head, its empty line included; a string says why it is refused. */
  read(text: string): Head | string {
    if (this.#head !== null && text === this.#text) {
      this.#bytes ??= bytesOf(text);
      return this.#head;
    }
    const parsed = parseHead(text);
    if (typeof parsed !== "string" && text.length <= rememberedMax) {
      this.#text = text;
      this.#head = parsed;
      this.#bytes = null;
    }
    return parsed;
  }
}

/** Memory of its own: a slice of a shared block would keep all of it. */
function bytesOf(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(text.length);
  bytes.write(text, "latin1");
  return bytes;
}
