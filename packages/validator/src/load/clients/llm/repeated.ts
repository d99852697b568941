import type { Seen } from "./dialect.ts";

/** What ends a plain string of JSON, or makes it none. */
const notPlain = /["\\\u0000-\u001f]/;
/** An escape, or a second line, whose framing the bytes of the shape would lack. */
const noShape = /[\\\n]/;
const dataMax = 4096;
const [space, quote, backslash, lastAscii] = [0x20, 0x22, 0x5c, 0x7e];
/** Shapes learned in vain before it is given up: the stream does not repeat itself. */
const missesMax = 8;

/**
 * Events of a stream mostly say the same but for one string. An event of the last one's shape is
 * read by what differs, which is exact: equal text around one plain string is equal JSON.
 */
export class RepeatedEvent {
  #type = "";
  #before = "";
  #after = "";
  #as: "reasoning" | "output" = "output";
  #misses = 0;
  #isKnown = false;
  /** The bytes of a whole event of the shape before and after its string. */
  #head: Buffer = Buffer.alloc(0);
  #tail: Buffer = Buffer.alloc(0);

  /** Reads an event of the known shape; false: it has another, and is to be read whole. */
  read(data: string, type: string, seen: Seen): boolean {
    if (!this.#isKnown || type !== this.#type) return false;
    const from = this.#before.length;
    const to = data.length - this.#after.length;
    if (to < from) return false;
    // Slices compare as blocks of memory; startsWith and endsWith go letter by letter.
    if (data.slice(0, from) !== this.#before || data.slice(to) !== this.#after) return false;
    const text = data.slice(from, to);
    if (notPlain.test(text)) return false;
    seen.answer = true;
    seen.mark(text, this.#as);
    this.#misses = 0;
    return true;
  }

  /**
   * The same from the bytes of one whole event, `from` to `to`, as most servers write one; false too
   * where its string is not ASCII. Nothing of the bytes is kept.
   */
  readBytes(bytes: Buffer, from: number, to: number, seen: Seen): boolean {
    if (!this.#isKnown) return false;
    const [head, tail] = [this.#head, this.#tail];
    const textFrom = from + head.length;
    const textTo = to - tail.length;
    if (textTo < textFrom) return false;
    for (let at = textFrom; at < textTo; at++) {
      const byte = bytes[at] ?? 0;
      if (byte < space || byte > lastAscii || byte === quote || byte === backslash) return false;
    }
    if (bytes.compare(tail, 0, tail.length, textTo, to) !== 0) return false;
    if (bytes.compare(head, 0, head.length, from, textFrom) !== 0) return false;
    seen.answer = true;
    seen.mark(bytes.toString("latin1", textFrom, textTo), this.#as);
    this.#misses = 0;
    return true;
  }

  /** Takes the shape of an event that was read whole, when one plain string is all it carries. */
  learn(data: string, type: string, seen: Seen): void {
    if (this.#misses >= missesMax || data.length > dataMax) return;
    const carriesOne = seen.marks === 1 && seen.content !== "none" && seen.answer;
    if (!carriesOne || seen.ended || seen.tokens >= 0 || seen.fault !== "none") return;
    const { marked } = seen;
    if (notPlain.test(marked) || noShape.test(data)) return;
    const quoted = `"${marked}"`;
    const at = data.indexOf(quoted);
    // The string stands once: there is no doubt which field it is.
    if (at === -1 || data.indexOf(quoted, at + 1) !== -1) return;
    this.#misses++;
    this.#isKnown = true;
    this.#type = type;
    this.#before = data.slice(0, at + 1);
    this.#after = data.slice(at + 1 + marked.length);
    this.#as = seen.content === "reasoning" ? "reasoning" : "output";
    const name = type === "message" ? "" : `event: ${type}\n`;
    this.#head = Buffer.from(`${name}data: ${this.#before}`);
    this.#tail = Buffer.from(`${this.#after}\n\n`);
  }
}
