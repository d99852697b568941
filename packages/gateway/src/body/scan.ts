import { isUtf8 } from "node:buffer";

/** Members of one top-level object worth knowing, each with the index of its span. */
export interface KeyTable {
  readonly names: readonly string[];
  /** Names by byte length, so that most members are dismissed without a comparison. */
  readonly byLength: readonly (readonly { bytes: Buffer; index: number }[])[];
}

export interface Scan {
  /** Start of each known member's value, -1 when absent. */
  readonly starts: Int32Array;
  /** End (exclusive) of each known member's value. */
  readonly ends: Int32Array;
  /** Offset of the object's closing brace. */
  readonly close: number;
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
const stepsBeforeSearch = 32;
const knownBytesMax = 32;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** What may come next: a value, a value or `]`, a member or `}`, a member, `:`, `,` or a close. */
type Expect = number;

export function keyTable(names: readonly string[]): KeyTable {
  const byLength: { bytes: Buffer; index: number }[][] = [];
  names.forEach((name, index) => {
    const bytes = Buffer.from(name);
    for (let n = byLength.length; n <= bytes.length; n++) byLength.push([]);
    byLength[bytes.length]?.push({ bytes, index });
  });
  return { names, byLength };
}

/**
 * One walk over the bytes of a JSON object, without parsing it: the span of each known top-level
 * member. Structure is checked in full (brackets, commas, members, depth <= 64, <= 10,000
 * members); of values only string ends and the spelling class of numbers and literals, so a fault
 * inside a value is left to the reader of that value.
 */
export function scanObject(bytes: Buffer, keys: KeyTable): Scan | ScanProblem {
  const walk = new Walk(bytes, keys);
  return walk.run();
}

export function isScanProblem(result: Scan | ScanProblem): result is ScanProblem {
  return "code" in result;
}

class Walk {
  readonly #bytes: Buffer;
  readonly #keys: KeyTable;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  /** By depth - 1. At most 64 bytes: a larger array would live outside the heap. */
  readonly #isObject = new Uint8Array(depthMax);
  #depth = 0;
  #members = 0;
  /** Index of the known top-level member whose value is being read, else -1. */
  #known = -1;
  #problem: ScanProblem | undefined;

  constructor(bytes: Buffer, keys: KeyTable) {
    this.#bytes = bytes;
    this.#keys = keys;
    this.#starts = new Int32Array(keys.names.length).fill(-1);
    this.#ends = new Int32Array(keys.names.length).fill(-1);
  }

  run(): Scan | ScanProblem {
    const bytes = this.#bytes;
    const first = skipSpace(bytes, 0);
    if (bytes[first] !== openBrace) return invalid(first, "expected an object");
    if (!isUtf8(bytes)) return invalid(0, "not UTF-8");
    this.#depth = 1;
    this.#isObject[0] = 1;
    let expect: Expect = 2;
    let at = first + 1;
    while (this.#depth > 0) {
      at = skipSpace(bytes, at);
      const byte = bytes[at];
      if (byte === undefined) return invalid(at, "unexpected end");
      const next = this.#step(byte, at, expect);
      if (next < 0) return this.#problem ?? invalid(at, "unexpected byte");
      expect = next & 7;
      at = next >>> 3;
    }
    const rest = skipSpace(bytes, at);
    if (rest < bytes.length) return invalid(rest, "bytes after the object");
    return { starts: this.#starts, ends: this.#ends, close: at - 1 };
  }

  /** Position after the step times 8 plus what to expect then; -1 on a fault. */
  #step(byte: number, at: number, expect: Expect): number {
    if (expect === 5) return this.#afterValue(byte, at);
    if (expect === 4) return byte === colon ? (at + 1) * 8 : -1;
    if (expect === 2 && byte === closeBrace) return this.#pop(at);
    if (expect === 2 || expect === 3) return byte === quote ? this.#member(at) : -1;
    if (expect === 1 && byte === closeBracket) return this.#pop(at);
    return this.#value(byte, at);
  }

  #afterValue(byte: number, at: number): number {
    const inObject = this.#isObject[this.#depth - 1] === 1;
    if (byte === comma) return (at + 1) * 8 + (inObject ? 3 : 0);
    return byte === (inObject ? closeBrace : closeBracket) ? this.#pop(at) : -1;
  }

  #value(byte: number, at: number): number {
    if (this.#depth === 1 && this.#known >= 0) this.#starts[this.#known] = at;
    if (byte === openBrace || byte === openBracket) {
      if (this.#depth === depthMax) return this.#fail(at, `deeper than ${depthMax} levels`);
      this.#depth++;
      this.#isObject[this.#depth - 1] = byte === openBrace ? 1 : 0;
      return (at + 1) * 8 + (byte === openBrace ? 2 : 1);
    }
    const end = byte === quote ? stringEnd(this.#bytes, at) : tokenEnd(this.#bytes, at);
    if (end < 0) return this.#fail(at, byte === quote ? "unterminated string" : "not a value");
    this.#closeValue(end);
    return end * 8 + 5;
  }

  #pop(at: number): number {
    this.#depth--;
    this.#closeValue(at + 1);
    return (at + 1) * 8 + 5;
  }

  #closeValue(end: number): void {
    if (this.#depth !== 1 || this.#known < 0) return;
    this.#ends[this.#known] = end;
    this.#known = -1;
  }

  #member(at: number): number {
    const end = stringEnd(this.#bytes, at);
    if (end < 0) return this.#fail(at, "unterminated member name");
    if (++this.#members > membersMax) return this.#fail(at, `more than ${membersMax} members`);
    if (this.#depth === 1) {
      this.#known = this.#lookup(at + 1, end - 1);
      if (this.#known === -2) return this.#fail(at, "member name is not a string");
      if (this.#known >= 0 && (this.#starts[this.#known] ?? -1) >= 0) return this.#duplicate(at);
    }
    return end * 8 + 4;
  }

  /** Index of a known name, -1 for any other, -2 for a name no parser would read. */
  #lookup(start: number, end: number): number {
    const bytes = this.#bytes;
    for (let i = start; i < end; i++) {
      const byte = bytes[i] ?? 0;
      if (byte < 0x20) return -2;
      if (byte === backslash) return this.#lookupEscaped(start - 1, end + 1);
    }
    const length = end - start;
    if (length > knownBytesMax) return -1;
    for (const known of this.#keys.byLength[length] ?? []) {
      if (known.bytes.compare(bytes, start, end) === 0) return known.index;
    }
    return -1;
  }

  #lookupEscaped(start: number, end: number): number {
    const name = decodeString(this.#bytes, start, end);
    return name === undefined ? -2 : this.#keys.names.indexOf(name);
  }

  #duplicate(offset: number): number {
    const field = this.#keys.names[this.#known] ?? "";
    const message = `member "${field}" occurs twice`;
    this.#problem = { code: "LL_BODY_DUPLICATE_KEY", offset, message, field };
    return -1;
  }

  #fail(offset: number, message: string): number {
    this.#problem = invalid(offset, message);
    return -1;
  }
}

/** The text of a JSON string with its quotes at `start` and `end - 1`; undefined when malformed. */
export function decodeString(bytes: Buffer, start: number, end: number): string | undefined {
  if (bytes[start] !== quote) return undefined;
  const text = bytes.toString("utf8", start, end);
  if (!text.includes("\\") && !hasControl(text)) return text.slice(1, -1);
  const value = parseJson(text);
  return typeof value === "string" ? value : undefined;
}

/** `JSON.parse` that answers undefined for what is not JSON. */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20) return true;
  return false;
}

function invalid(offset: number, message: string): ScanProblem {
  return { code: "LL_BODY_INVALID_JSON", offset, message: `${message} at byte ${offset}` };
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at++;
  }
}

/** Offset after the closing quote of the string opened at `at`; -1 when there is none. */
function stringEnd(bytes: Buffer, at: number): number {
  const length = bytes.length;
  let i = at + 1;
  while (i < length) {
    const until = Math.min(length, i + stepsBeforeSearch);
    for (; i < until; i++) {
      const byte = bytes[i];
      if (byte === quote) return i + 1;
      if (byte === backslash) i++;
    }
    if (i >= length) return -1;
    const found = bytes.indexOf(quote, i);
    if (found < 0) return -1;
    let before = found;
    while (before > i && bytes[before - 1] === backslash) before--;
    if ((found - before) % 2 === 0) return found + 1;
    i = found + 1;
  }
  return -1;
}

const literals = ["true", "false", "null"].map((text) => Buffer.from(text));

/** Offset after a number or literal; -1 for a bare word or anything else. */
function tokenEnd(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  if (first === 0x2d || (first >= 0x30 && first <= 0x39)) {
    let i = at + 1;
    while (isNumberByte(bytes[i])) i++;
    return i;
  }
  for (const literal of literals) {
    if (literal.compare(bytes, at, Math.min(bytes.length, at + literal.length)) === 0)
      return at + literal.length;
  }
  return -1;
}

/** Digits, `+ - . e E`. */
function isNumberByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  if (byte >= 0x30 && byte <= 0x39) return true;
  return byte === 0x2e || byte === 0x2d || byte === 0x2b || byte === 0x65 || byte === 0x45;
}
