import { isUtf8 } from "node:buffer";
import { indexOfKey, type KeyTable } from "./keys.ts";
import { closingQuote, decodeString } from "./text.ts";

export interface Scan {
  /** Start of each known member's value, -1 when absent. */
  readonly starts: readonly number[];
  /** End (exclusive) of each known member's value. */
  readonly ends: readonly number[];
  /** Offset of the opening quote of each known member's name. */
  readonly names: readonly number[];
  /** Elements of each known member's array or object, 0 for other values. */
  readonly counts: readonly number[];
  /** Offset of the object's closing brace. */
  readonly close: number;
  /** Bytes of all strings that are values, media given as base64 counted as `mediaBytes`. */
  readonly textBytes: number;
}

export type ScanProblemCode = "LL_BODY_INVALID_JSON" | "LL_BODY_DUPLICATE_KEY";

export interface ScanProblem {
  readonly code: ScanProblemCode;
  /** Byte offset at which the fault was seen. */
  readonly offset: number;
  readonly message: string;
  readonly field?: string;
}

const depthMax = 64;
const membersMax = 10_000;
/** A base64 string at least this long is media, and counts as this many bytes of text. */
const mediaBytes = 4096;
/** Members that hold media as a data URL. */
const urlNames = new Set(["url", "image_url", "file_data"]);
/** Bytes of `data:` and the type up to the comma; with a longer head it is no medium. */
const urlHeadMax = 256;
/** `+`, `/` and `=` as some encoders of JSON write them. */
const base64Escapes = new Set(["u002b", "u002f", "u003d"]);

/** What may come next. */
const wantsValue = 0;
const wantsValueOrEnd = 1;
const wantsMemberOrEnd = 2;
const wantsMember = 3;
const wantsColon = 4;
const wantsCommaOrEnd = 5;

const space = 1;
const quotes = 2;
const opens = 3;
const closes = 4;
const comma = 5;
const colon = 6;
const digit = 7;
const letter = 8;

/** What a byte outside of strings can begin; 0: nothing. */
const byteClasses = classify([
  [" \t\r\n", space],
  ['"', quotes],
  ["{[", opens],
  ["}]", closes],
  [",", comma],
  [":", colon],
  ["-0123456789", digit],
  ["tfn", letter],
]);
/** Bytes of base64 in both its alphabets: 1. */
const base64Bytes = classify([
  ["ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=", 1],
]);
const commaByte = 0x2c;
const slash = 0x2f;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * One walk over the bytes of a JSON object, without parsing it: the span of each known top-level
 * member. Structure is checked in full (brackets, commas, members, depth <= 64, <= 10,000
 * members); of values only string ends and the spelling class of numbers and literals, so a fault
 * inside a value is left to the reader of that value.
 */
export function scanObject(bytes: Buffer, keys: KeyTable): Scan | ScanProblem {
  return new Walk(bytes, keys).run();
}

export function isScanProblem(result: Scan | ScanProblem): result is ScanProblem {
  return "code" in result;
}

class Walk implements Scan {
  readonly starts: number[];
  readonly ends: number[];
  readonly names: number[];
  readonly counts: number[];
  close = -1;
  textBytes = 0;
  readonly #bytes: Buffer;
  readonly #keys: KeyTable;
  /** Whether each open bracket is a brace: one bit per level, 32 levels each. */
  #low = 0;
  #high = 0;
  #depth = 0;
  #expect = wantsValue;
  #members = 0;
  /** Commas at level 2 of the top-level member being read. */
  #commas = 0;
  /** Index of the known top-level member whose value is being read, else -1. */
  #known = -1;
  /** Offsets of the last member name. */
  #nameAt = 0;
  #nameEnd = 0;
  #problem: ScanProblem | undefined;

  constructor(bytes: Buffer, keys: KeyTable) {
    this.#bytes = bytes;
    this.#keys = keys;
    this.starts = keys.absent.slice();
    this.ends = keys.absent.slice();
    this.names = keys.absent.slice();
    this.counts = keys.zero.slice();
  }

  run(): Scan | ScanProblem {
    const bytes = this.#bytes;
    if (!isUtf8(bytes)) return invalid(0, "not UTF-8");
    let at = skipSpace(bytes, 0);
    if (bytes[at] !== openBrace) return invalid(at, "expected an object");
    while (this.close < 0) {
      const byte = bytes[at];
      if (byte === undefined) return invalid(at, "unexpected end");
      const next = this.#step(byteClasses[byte] ?? 0, byte, at);
      if (next < 0) return this.#problem ?? invalid(at, "unexpected byte");
      at = next;
    }
    const rest = skipSpace(bytes, at);
    return rest < bytes.length ? invalid(rest, "bytes after the object") : this;
  }

  /** Offset after what begins at `at`; -1 on a fault. */
  #step(kind: number, byte: number, at: number): number {
    switch (kind) {
      case space:
        return at + 1;
      case quotes:
        return this.#string(at);
      case opens:
        return this.#open(at, byte === openBrace);
      case closes:
        return this.#close(at, byte === closeBrace);
      case comma:
        if (this.#expect !== wantsCommaOrEnd) return -1;
        this.#expect = this.#isObject() ? wantsMember : wantsValue;
        if (this.#depth === 2) this.#commas++;
        return at + 1;
      case colon:
        if (this.#expect !== wantsColon) return -1;
        this.#expect = wantsValue;
        return at + 1;
      case digit:
        return this.#token(at, numberEnd(this.#bytes, at));
      case letter:
        return this.#token(at, literalEnd(this.#bytes, at));
      default:
        return -1;
    }
  }

  #string(at: number): number {
    const end = closingQuote(this.#bytes, at + 1);
    if (end < 0) return this.#fail(at, "unterminated string");
    if (this.#expect <= wantsValueOrEnd) {
      this.textBytes += end - at - 1 < mediaBytes ? end - at - 1 : this.#longText(at + 1, end);
      return this.#token(at, end + 1);
    }
    if (this.#expect > wantsMember) return -1;
    if (++this.#members > membersMax) return this.#fail(at, `more than ${membersMax} members`);
    this.#nameAt = at + 1;
    this.#nameEnd = end;
    this.#expect = wantsColon;
    return this.#depth === 1 ? this.#topMember(at, end) : end + 1;
  }

  #topMember(at: number, end: number): number {
    const known = this.#lookup(at + 1, end);
    this.#known = known;
    if (known === -2) return this.#fail(at, "member name is not a string");
    if (known < 0) return end + 1;
    if ((this.names[known] ?? -1) >= 0) return this.#duplicate(at, known);
    this.names[known] = at;
    return end + 1;
  }

  /** Index of a known name, -1 for any other, -2 for a name no parser would read. */
  #lookup(start: number, end: number): number {
    const bytes = this.#bytes;
    for (let i = start; i < end; i++) {
      const byte = bytes[i] ?? 0;
      if (byte < 0x20) return -2;
      if (byte === backslash) {
        const name = decodeString(bytes, start - 1, end + 1);
        return name === undefined ? -2 : this.#keys.names.indexOf(name);
      }
    }
    return indexOfKey(this.#keys, bytes, start, end);
  }

  #open(at: number, isObject: boolean): number {
    if (this.#expect > wantsValueOrEnd) return -1;
    const level = this.#depth;
    if (level === depthMax) return this.#fail(at, `deeper than ${depthMax} levels`);
    if (level === 1 && this.#known >= 0) {
      this.starts[this.#known] = at;
      this.#commas = 0;
    }
    const bit = 1 << (level & 31);
    if (level < 32) this.#low = isObject ? this.#low | bit : this.#low & ~bit;
    else this.#high = isObject ? this.#high | bit : this.#high & ~bit;
    this.#depth = level + 1;
    this.#expect = isObject ? wantsMemberOrEnd : wantsValueOrEnd;
    return at + 1;
  }

  #close(at: number, isObject: boolean): number {
    if (this.#isObject() !== isObject) return -1;
    const mayBeEmpty = isObject ? wantsMemberOrEnd : wantsValueOrEnd;
    if (this.#expect !== wantsCommaOrEnd && this.#expect !== mayBeEmpty) return -1;
    const isEmpty = this.#expect === mayBeEmpty;
    this.#expect = wantsCommaOrEnd;
    this.#depth--;
    if (this.#depth === 0) this.close = at;
    else if (this.#depth === 1 && this.#known >= 0) {
      this.ends[this.#known] = at + 1;
      this.counts[this.#known] = isEmpty ? 0 : this.#commas + 1;
    }
    return at + 1;
  }

  /** A string, number or literal that ends before `end`. */
  #token(at: number, end: number): number {
    if (this.#expect > wantsValueOrEnd) return -1;
    if (end < 0) return this.#fail(at, "not a value");
    if (this.#depth === 1 && this.#known >= 0) {
      this.starts[this.#known] = at;
      this.ends[this.#known] = end;
    }
    this.#expect = wantsCommaOrEnd;
    return end;
  }

  #isObject(): boolean {
    const level = this.#depth - 1;
    return (((level < 32 ? this.#low : this.#high) >>> (level & 31)) & 1) === 1;
  }

  /**
   * Media are where the APIs have them, in base64 to the last byte; anything else a model reads as
   * text. A text of nothing but base64's letters is not told apart from media there, whatever a
   * sibling (`type: "text"`) says of it.
   */
  #longText(start: number, end: number): number {
    const bytes = this.#bytes;
    const name = bytes.toString("latin1", this.#nameAt, this.#nameEnd);
    const isUrl = bytes.toString("latin1", start, start + 5) === "data:";
    if (name !== "data" && !(isUrl && urlNames.has(name))) return end - start;
    const head = isUrl ? bytes.subarray(start, start + urlHeadMax).indexOf(commaByte) + 1 : 0;
    return isBase64(bytes, start + head, end) ? mediaBytes : end - start;
  }

  #duplicate(offset: number, known: number): number {
    const field = this.#keys.names[known] ?? "";
    const message = `member "${field}" occurs twice, again at byte ${offset}`;
    this.#problem = { code: "LL_BODY_DUPLICATE_KEY", offset, message, field };
    return -1;
  }

  #fail(offset: number, message: string): number {
    this.#problem = invalid(offset, message);
    return -1;
  }
}

function classify(rows: readonly (readonly [string, number])[]): readonly number[] {
  const classes = Array.from({ length: 256 }, () => 0);
  for (const [characters, kind] of rows)
    for (const character of characters) classes[character.charCodeAt(0)] = kind;
  return classes;
}

function invalid(offset: number, message: string): ScanProblem {
  return { code: "LL_BODY_INVALID_JSON", offset, message: `${message} at byte ${offset}` };
}

/** Whether the bytes of a JSON string are base64, plain or escaped. */
function isBase64(bytes: Buffer, from: number, end: number): boolean {
  let at = from;
  while (at < end) {
    while (at + 4 <= end && areBase64(bytes, at)) at += 4;
    if (base64Bytes[bytes[at] ?? 0] === 1) at++;
    else if (at < end) {
      const size = escapeBytes(bytes, at);
      if (size === 0) return false;
      at += size;
    }
  }
  return true;
}

/** Four bytes at a time: of a request with media nearly all are looked at here. */
function areBase64(bytes: Buffer, at: number): boolean {
  const first = base64Bytes[bytes[at] ?? 0] ?? 0;
  const second = base64Bytes[bytes[at + 1] ?? 0] ?? 0;
  const third = base64Bytes[bytes[at + 2] ?? 0] ?? 0;
  const fourth = base64Bytes[bytes[at + 3] ?? 0] ?? 0;
  return (first & second & third & fourth) === 1;
}

/** Length of the escape at `at`; 0: it stands for no byte of base64, or is none. */
function escapeBytes(bytes: Buffer, at: number): number {
  if (bytes[at] !== backslash) return 0;
  if (bytes[at + 1] === slash) return 2;
  return base64Escapes.has(bytes.toString("latin1", at + 1, at + 6).toLowerCase()) ? 6 : 0;
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (byteClasses[bytes[at] ?? 0] === space) at++;
  return at;
}

/** Offset after the bytes `0-9 + - . e E` from `at` on. */
function numberEnd(bytes: Buffer, at: number): number {
  let i = at + 1;
  for (;;) {
    const byte = bytes[i] ?? 0;
    const isDigit = byte >= 0x30 && byte <= 0x39;
    if (!isDigit && byte !== 0x2e && byte !== 0x2d && byte !== 0x2b && (byte | 0x20) !== 0x65)
      return i;
    i++;
  }
}

const literals = ["true", "false", "null"].map((text) => Buffer.from(text));

/** Offset after `true`, `false` or `null`; -1 for any other word. */
function literalEnd(bytes: Buffer, at: number): number {
  for (const literal of literals) {
    const end = at + literal.length;
    if (end <= bytes.length && literal.compare(bytes, at, end) === 0) return end;
  }
  return -1;
}
