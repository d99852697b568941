export interface SseSink {
  /** A complete event with data; `type` is `message` when the stream names none. */
  event(data: string, type: string): void;
  /** The stream broke the size bound; nothing follows until `reset`. */
  fail(detail: string): void;
}

export interface SseParser {
  /** Bytes read; consumed before it returns. */
  feed(buf: Buffer): void;
  /** Forgets everything, ready for another stream. */
  reset(): void;
  /** An event was begun and its empty line has not come: at the end of a stream, a cut event. */
  readonly partial: boolean;
  /** At least one line was read and nothing is begun: an event read elsewhere may be left out. */
  readonly isBetween: boolean;
}

const lf = 10;
const cr = 13;
const space = 32;

/** `eventBytesMax` bounds one event, its comments included: default 1 MiB. */
export function createSseParser(sink: SseSink, o?: { eventBytesMax?: number }): SseParser {
  return new Parser(sink, o?.eventBytesMax ?? 1_048_576);
}

class Parser implements SseParser {
  readonly #sink: SseSink;
  readonly #bytesMax: number;
  #held: Buffer | null = null;
  #skipLf = false;
  #first = true;
  #failed = false;
  #data: string | null = null;
  #type = "";
  #eventBytes = 0;

  constructor(sink: SseSink, bytesMax: number) {
    this.#sink = sink;
    this.#bytesMax = bytesMax;
  }

  get partial(): boolean {
    return this.#held !== null || this.#data !== null;
  }

  get isBetween(): boolean {
    const isClean = !this.#first && !this.#skipLf && !this.#failed;
    return isClean && this.#eventBytes === 0 && this.#held === null;
  }

  reset(): void {
    this.#held = null;
    this.#skipLf = false;
    this.#first = true;
    this.#failed = false;
    this.#clear();
  }

  feed(buf: Buffer): void {
    if (buf.length === 0) return;
    let at = this.#skipLf && buf[0] === lf ? 1 : 0;
    this.#skipLf = false;
    // Searched once per read: most streams hold no CR at all.
    let nextCr = buf.indexOf(cr, at);
    while (at < buf.length && !this.#failed) {
      const nextLf = buf.indexOf(lf, at);
      if (nextCr !== -1 && nextCr < at) nextCr = buf.indexOf(cr, at);
      const end = earlier(nextCr, nextLf);
      if (end === -1) break;
      this.#line(buf, at, end);
      at = end + 1;
      if (end === nextCr) {
        if (at === buf.length) this.#skipLf = true;
        else if (buf[at] === lf) at++;
      }
    }
    if (at < buf.length && !this.#failed) this.#hold(buf.subarray(at));
  }

  #hold(rest: Buffer): void {
    // Copied: the reader may reuse its buffer.
    this.#held = this.#held === null ? Buffer.from(rest) : Buffer.concat([this.#held, rest]);
    this.#bound(this.#held.length);
  }

  #line(buf: Buffer, from: number, to: number): void {
    const held = this.#held;
    if (held === null) {
      this.#field(buf, from, to);
      return;
    }
    this.#held = null;
    const line = from === to ? held : Buffer.concat([held, buf.subarray(from, to)]);
    this.#field(line, 0, line.length);
  }

  #field(line: Buffer, start: number, end: number): void {
    const from = this.#first ? skipBom(line, start, end) : start;
    this.#first = false;
    if (from === end) {
      this.#dispatch();
      return;
    }
    if (!this.#bound(end - from)) return;
    this.#eventBytes += end - from;
    if (startsWith(line, from, end, "data")) {
      const value = valueOf(line, from + 4, end);
      if (value !== null) this.#data = this.#data === null ? value : `${this.#data}\n${value}`;
    } else if (startsWith(line, from, end, "event")) {
      this.#type = valueOf(line, from + 5, end) ?? this.#type;
    }
  }

  #dispatch(): void {
    const data = this.#data;
    const type = this.#type;
    this.#clear();
    if (data !== null) this.#sink.event(data, type === "" ? "message" : type);
  }

  #clear(): void {
    this.#data = null;
    this.#type = "";
    this.#eventBytes = 0;
  }

  #bound(moreBytes: number): boolean {
    if (this.#eventBytes + moreBytes <= this.#bytesMax) return true;
    this.#failed = true;
    this.#held = null;
    this.#clear();
    this.#sink.fail(`an event over ${this.#bytesMax} bytes`);
    return false;
  }
}

function earlier(a: number, b: number): number {
  if (a === -1) return b;
  return b === -1 ? a : Math.min(a, b);
}

/** The value after a field name that ends at `at`; null when the name goes on (`database:`). */
function valueOf(line: Buffer, at: number, end: number): string | null {
  if (at === end) return "";
  if (line[at] !== 58 /* : */) return null;
  const from = line[at + 1] === space ? at + 2 : at + 1;
  return from >= end ? "" : line.toString("utf8", from, end);
}

function startsWith(line: Buffer, from: number, end: number, name: string): boolean {
  if (end - from < name.length) return false;
  for (let i = 0; i < name.length; i++) {
    if (line[from + i] !== name.charCodeAt(i)) return false;
  }
  return true;
}

function skipBom(line: Buffer, from: number, end: number): number {
  const bom = end - from >= 3 && line[from] === 0xef && line[from + 1] === 0xbb;
  return bom && line[from + 2] === 0xbf ? from + 3 : from;
}
