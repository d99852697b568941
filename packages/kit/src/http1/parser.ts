import { type Head, mayBeHttp, notHttp, parseHead } from "./head.ts";
import { LastHead } from "./last-head.ts";
import type { Http1Fault, ResponseParser, ResponseSink } from "./types.ts";

const cr = 13;
const lf = 10;
const interimMax = 8;
const sizeLineBytesMax = 1024;
/** Hex digits of a chunk that is looked at whole: 64 KiB are more than one read. */
const wholeDigitsMax = 5;

type State = "idle" | "head" | "fixed" | "size" | "chunk" | "chunkEnd" | "trailer" | "close";

/** A parser for one connection. `headBytesMax` bounds a head and, apart, the trailers: 64 KiB. */
export function createResponseParser(o?: { headBytesMax?: number }): ResponseParser {
  return new Parser(o?.headBytesMax ?? 65_536);
}

/**
 * | state | input | next |
 * |---|---|---|
 * | head | empty line, 1xx but 101 | head, at most 8 times |
 * | head | empty line | fixed, size, close, or the end |
 * | fixed | last byte | end |
 * | size | `0` | trailer |
 * | size | n | chunk, then chunkEnd, then size |
 * | trailer | empty line | end |
 * | close | end of the connection | end |
 * | any other | end of the connection | fail `reset` |
 */
class Parser implements ResponseParser {
  readonly #headBytesMax: number;
  #state: State = "idle";
  #sink: ResponseSink | null = null;
  #headless = false;
  #keep = false;
  /** Bytes of the message seen in this state machine, to tell a stale connection. */
  #started = false;
  #interim = 0;
  /** Unread bytes of a fixed body or chunk. */
  #left = 0;
  #digits = 0;
  #lineBytes = 0;
  /** Last byte was CR, in size lines, trailers and chunk ends. */
  #sawCr = false;
  #inExtension = false;
  /** Where the data begins of the chunk that `chunkEnd` found. */
  #chunkFrom = 0;
  /** A head or trailer split over reads. */
  #held: Buffer | null = null;
  /** Where the search for the next line end goes on, in `#held`. */
  #lineAt = 0;
  readonly #lastHead = new LastHead();
  #keepAliveMs = -1;
  #keepAliveMax = -1;

  constructor(headBytesMax: number) {
    this.#headBytesMax = headBytesMax;
  }

  get done(): boolean {
    return this.#state === "idle";
  }

  get reusable(): boolean {
    return this.#state === "idle" && this.#keep;
  }

  get started(): boolean {
    return this.#started;
  }

  get keepAliveMs(): number {
    return this.#keepAliveMs;
  }

  get keepAliveMax(): number {
    return this.#keepAliveMax;
  }

  start(method: string, sink: ResponseSink): void {
    this.#sink = sink;
    this.#headless = method === "HEAD";
    this.#state = "head";
    this.#keep = false;
    this.#started = false;
    this.#interim = 0;
    this.#held = null;
    this.#lineAt = 0;
  }

  stop(): void {
    this.#state = "idle";
    this.#keep = false;
    this.#sink = null;
    this.#held = null;
  }

  feed(buf: Buffer): void {
    if (buf.length === 0) return;
    this.#started = true;
    if (this.#state === "idle") {
      this.#keep = false;
      return;
    }
    let at = 0;
    while (at < buf.length) {
      at = this.#step(buf, at);
      if (this.done) return;
    }
  }

  chunkEnd(bytes: Buffer, start: number, length: number): number {
    if (this.#state !== "size" || this.#lineBytes > 0) return -1;
    let size = 0;
    let at = start;
    for (; at < start + wholeDigitsMax && at < length; at++) {
      const digit = hexDigit(bytes[at] ?? 0);
      if (digit < 0) break;
      size = size * 16 + digit;
    }
    this.#chunkFrom = at + 2;
    const end = at + size + 4;
    return size > 0 && end <= length && isLineEnd(bytes, at) && isLineEnd(bytes, end - 2)
      ? end
      : -1;
  }

  offerChunk(bytes: Buffer, start: number, end: number): boolean {
    return this.#sink?.wholeChunk?.(bytes, start, this.#chunkFrom, end) ?? false;
  }

  eof(): void {
    if (this.#state === "idle") this.#keep = false;
    else if (this.#state === "close") this.#finish(false);
    else if (this.#started) this.#fail("reset", `closed by the peer in ${this.#state}`);
    else this.#fail("reset", "closed by the peer before a response byte");
  }

  #step(buf: Buffer, at: number): number {
    switch (this.#state) {
      case "head":
        return this.#head(buf, at);
      case "fixed":
      case "chunk":
        return this.#body(buf, at);
      case "size":
        return this.#size(buf, at);
      case "chunkEnd":
        return this.#chunkEnd(buf, at);
      case "trailer":
        return this.#trailer(buf, at);
      case "close":
        this.#sink?.data(at === 0 ? buf : buf.subarray(at));
        return buf.length;
      case "idle":
        return buf.length;
    }
  }

  /** Index after the empty line, -1 when it is not there yet, -2 when refused. */
  #lineEnds(buf: Buffer, start: number, from: number): number {
    let lineStart = from;
    for (;;) {
      const end = buf.indexOf(lf, lineStart);
      const until = end === -1 ? buf.length : end;
      const bareCr = buf.indexOf(cr, lineStart);
      if (end === -1) {
        this.#lineAt = lineStart - start;
        return bareCr !== -1 && bareCr < until - 1 ? -2 : -1;
      }
      if (bareCr !== end - 1) return -2;
      if (end - 1 === lineStart) return end + 1;
      lineStart = end + 1;
    }
  }

  #head(buf: Buffer, at: number): number {
    const repeated = this.#held === null ? this.#lastHead.repeated(buf, at) : null;
    if (repeated !== null) {
      const next = at + this.#lastHead.length;
      this.#begin(repeated, next < buf.length);
      return next;
    }
    const block = this.#block(buf, at);
    if (block === null) return buf.length;
    const parsed = this.#lastHead.read(block.text);
    if (typeof parsed === "string") {
      this.#fail("protocol", parsed);
      return buf.length;
    }
    this.#begin(parsed, block.next < buf.length);
    return block.next;
  }

  /** A whole head or trailer as text and the index after it in `buf`; null: more needed, or failed. */
  #block(buf: Buffer, at: number): { text: string; next: number } | null {
    const held = this.#held;
    const all = held === null ? buf : Buffer.concat([held, at === 0 ? buf : buf.subarray(at)]);
    const start = held === null ? at : 0;
    const end = this.#lineEnds(all, start, start + (held === null ? 0 : this.#lineAt));
    if (end === -2) {
      this.#fail("protocol", "bare CR or LF");
      return null;
    }
    const size = (end === -1 ? all.length : end) - start;
    if (size > this.#headBytesMax) {
      this.#fail("protocol", `head or trailers over ${this.#headBytesMax} bytes`);
      return null;
    }
    if (end === -1 && this.#state === "head" && !mayBeHttp(all, start)) {
      this.#fail("protocol", notHttp);
      return null;
    }
    if (end === -1) {
      // Copied: the reader may reuse its buffer.
      this.#held = held === null ? Buffer.from(buf.subarray(at)) : all;
      return null;
    }
    this.#held = null;
    this.#lineAt = 0;
    return {
      text: all.toString("latin1", start, end),
      next: held === null ? end : end - held.length + at,
    };
  }

  #begin(head: Head, more: boolean): void {
    if (head.status < 200) {
      this.#interimHead(head.status);
      return;
    }
    this.#keep = head.keep;
    this.#keepAliveMs = head.keepAliveMs;
    this.#keepAliveMax = head.keepAliveMax;
    const empty = this.#headless || head.status === 204 || head.status === 304;
    this.#sink?.head(head.status, head.headers);
    // The sink may have stopped us.
    if (this.done) return;
    if (empty || head.length === 0) {
      this.#finish(more);
    } else if (head.chunked) {
      this.#state = "size";
      this.#resetSize();
    } else if (head.length > 0) {
      this.#state = "fixed";
      this.#left = head.length;
    } else {
      this.#state = "close";
      this.#keep = false;
    }
  }

  #interimHead(status: number): void {
    if (status === 101) this.#fail("protocol", "unasked 101 Switching Protocols");
    else if (++this.#interim > interimMax)
      this.#fail("protocol", `over ${interimMax} interim heads`);
  }

  #body(buf: Buffer, at: number): number {
    const take = Math.min(this.#left, buf.length - at);
    const next = at + take;
    this.#left -= take;
    if (this.#sink?.skipsData !== true) {
      this.#sink?.data(take === buf.length ? buf : buf.subarray(at, next));
    }
    if (this.#left > 0 || this.done) return next;
    if (this.#state === "chunk") {
      this.#state = "chunkEnd";
      this.#sawCr = false;
    } else {
      this.#finish(next < buf.length);
    }
    return next;
  }

  #resetSize(): void {
    this.#left = 0;
    this.#digits = 0;
    this.#lineBytes = 0;
    this.#sawCr = false;
    this.#inExtension = false;
  }

  #size(buf: Buffer, from: number): number {
    for (let at = from; at < buf.length; at++) {
      const c = buf[at] ?? 0;
      if (++this.#lineBytes > sizeLineBytesMax)
        return this.#refuse(buf, "chunk size line too long");
      if (this.#sawCr) {
        if (c !== lf) return this.#refuse(buf, "bare CR in a chunk size line");
        this.#state = this.#left === 0 ? "trailer" : "chunk";
        this.#held = null;
        this.#lineAt = 0;
        return at + 1;
      }
      if (!this.#sizeByte(c)) return this.#refuse(buf, "malformed chunk size");
    }
    return buf.length;
  }

  #sizeByte(c: number): boolean {
    if (c === cr) {
      this.#sawCr = true;
      return this.#digits > 0;
    }
    if (this.#inExtension) return c === 9 || (c >= 32 && c !== 127);
    const digit = hexDigit(c);
    if (digit >= 0) {
      this.#left = this.#left * 16 + digit;
      return ++this.#digits <= 12;
    }
    this.#inExtension = c === 59; /* ; */
    return this.#inExtension && this.#digits > 0;
  }

  #chunkEnd(buf: Buffer, from: number): number {
    for (let at = from; at < buf.length; at++) {
      const c = buf[at];
      if (c !== (this.#sawCr ? lf : cr)) return this.#refuse(buf, "chunk longer than its size");
      if (this.#sawCr) {
        this.#state = "size";
        this.#resetSize();
        return at + 1;
      }
      this.#sawCr = true;
    }
    return buf.length;
  }

  #trailer(buf: Buffer, at: number): number {
    const block = this.#block(buf, at);
    if (block === null) return buf.length;
    if (block.text.length > 2) {
      // Same field rules as a head; framing fields in trailers are refused by them or ignored.
      const parsed = parseHead(`HTTP/1.1 200\r\n${block.text}`);
      if (typeof parsed === "string") return this.#refuse(buf, `trailer: ${parsed}`);
      if (parsed.length >= 0 || parsed.chunked) return this.#refuse(buf, "framing in trailers");
    }
    this.#finish(block.next < buf.length);
    return block.next;
  }

  #refuse(buf: Buffer, detail: string): number {
    this.#fail("protocol", detail);
    return buf.length;
  }

  #finish(bytesAfter: boolean): void {
    if (bytesAfter) {
      this.#fail("protocol", "bytes after the end of the response");
      return;
    }
    const sink = this.#sink;
    this.#state = "idle";
    this.#sink = null;
    sink?.end();
  }

  #fail(code: Http1Fault, detail: string): void {
    const sink = this.#sink;
    this.stop();
    sink?.fail(code, detail);
  }
}

const isLineEnd = (bytes: Buffer, at: number): boolean => bytes[at] === cr && bytes[at + 1] === lf;

function hexDigit(c: number): number {
  if (c >= 48 && c <= 57) return c - 48;
  const lower = c | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
