/**
 * Tells from the bytes alone that a text is its own canonical form, without making the text again.
 * Only ever says yes when `canonicalJson(JSON.parse(text)) === text`; a no says nothing, and the
 * caller compares. It leaves to the caller: bytes over 127, escapes in keys, nesting over 64,
 * numbers with an exponent or more than 15 digits.
 */

const depthMax = 64;
/** A decimal of so many digits is the shortest text of the number it names. */
const digitsMax = 15;

const lineFeed = 10;
const quote = 34;
const comma = 44;
const minus = 45;
const dot = 46;
const zero = 48;
const nine = 57;
const colon = 58;
const openBracket = 91;
const backslash = 92;
const closeBracket = 93;
const openBrace = 123;
const closeBrace = 125;
/** After a backslash: `"`, `\`, b, f, n, r, t. */
const shortEscapes: ReadonlySet<number> = new Set([34, 92, 98, 102, 110, 114, 116]);
/** Control characters that have a short escape. */
const shortControls: ReadonlySet<number> = new Set([8, 9, 10, 12, 13]);
/** 1 for the bytes a text may hold as they are: ASCII but controls, quote and backslash. */
const isPlain = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(byte >= 32 && byte < 128 && byte !== quote && byte !== backslash),
);
const wordTrue = [116, 114, 117, 101];
const wordFalse = [102, 97, 108, 115, 101];
const wordNull = [110, 117, 108, 108];

export interface CanonicalScanner {
  /** Index of the line feed after one value that surely is ASCII JSON in RFC 8785 form, or -1. */
  lineEnd(from: number): number;
  /** Where the member `hash` of the object read last begins, -1 when it has none. */
  readonly hashAt: number;
}

/**
 * Reads lines of one byte array. Every method takes the index where its part begins and gives the
 * index after it, -1 = unsure. No part can run over the line's end: a line feed is in none.
 */
class Scanner implements CanonicalScanner {
  readonly #bytes: Uint8Array;
  #hashAt = -1;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get hashAt(): number {
    return this.#hashAt;
  }

  lineEnd(from: number): number {
    this.#hashAt = -1;
    const to = this.#value(from, 0);
    return this.#bytes[to] === lineFeed ? to : -1;
  }

  #value(at: number, depth: number): number {
    const byte = this.#bytes[at];
    if (byte === quote) return this.#text(at + 1);
    if (byte === openBrace) return depth > depthMax ? -1 : this.#object(at + 1, depth);
    if (byte === openBracket) return depth > depthMax ? -1 : this.#array(at + 1, depth);
    if (byte === wordTrue[0]) return this.#word(at, wordTrue);
    if (byte === wordFalse[0]) return this.#word(at, wordFalse);
    if (byte === wordNull[0]) return this.#word(at, wordNull);
    return this.#number(at);
  }

  #word(from: number, word: readonly number[]): number {
    for (let i = 1; i < word.length; i++) if (this.#bytes[from + i] !== word[i]) return -1;
    return from + word.length;
  }

  #object(from: number, depth: number): number {
    const bytes = this.#bytes;
    if (bytes[from] === closeBrace) return from + 1;
    let beforeFrom = -1;
    let beforeTo = -1;
    for (let at = from; ;) {
      if (bytes[at] !== quote) return -1;
      const keyTo = this.#key(at + 1);
      if (keyTo === -1 || bytes[keyTo + 1] !== colon) return -1;
      if (beforeFrom !== -1 && !this.#isBefore(beforeFrom, beforeTo, at + 1, keyTo)) return -1;
      beforeFrom = at + 1;
      beforeTo = keyTo;
      if (depth === 0 && keyTo - at === 5 && this.#isHash(at + 1)) this.#hashAt = at;
      const next = this.#value(keyTo + 2, depth + 1);
      if (next === -1) return -1;
      if (bytes[next] === closeBrace) return next + 1;
      if (bytes[next] !== comma) return -1;
      at = next + 1;
    }
  }

  #array(from: number, depth: number): number {
    const bytes = this.#bytes;
    if (bytes[from] === closeBracket) return from + 1;
    for (let at = from; ;) {
      const next = this.#value(at, depth + 1);
      if (next === -1) return -1;
      if (bytes[next] === closeBracket) return next + 1;
      if (bytes[next] !== comma) return -1;
      at = next + 1;
    }
  }

  /** Index of the closing quote of a key without escapes. */
  #key(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    while (isPlain[bytes[at] ?? 0] === 1) at++;
    return bytes[at] === quote ? at : -1;
  }

  #isHash(at: number): boolean {
    const bytes = this.#bytes;
    return (
      bytes[at] === 104 && bytes[at + 1] === 97 && bytes[at + 2] === 115 && bytes[at + 3] === 104
    );
  }

  /** Whether one key sorts strictly before another; ASCII only, so bytes are UTF-16 units. */
  #isBefore(from: number, to: number, otherFrom: number, otherTo: number): boolean {
    const length = Math.min(to - from, otherTo - otherFrom);
    for (let i = 0; i < length; i++) {
      const a = this.#bytes[from + i] ?? 0;
      const b = this.#bytes[otherFrom + i] ?? 0;
      if (a !== b) return a < b;
    }
    return to - from < otherTo - otherFrom;
  }

  #text(from: number): number {
    const bytes = this.#bytes;
    for (let at = from; ;) {
      while (isPlain[bytes[at] ?? 0] === 1) at++;
      if (bytes[at] === quote) return at + 1;
      if (bytes[at] !== backslash) return -1;
      at = this.#escape(at + 1);
      if (at === -1) return -1;
    }
  }

  #escape(at: number): number {
    const byte = this.#bytes[at] ?? 0;
    if (shortEscapes.has(byte)) return at + 1;
    // `u00` and two digits of a control character without a short escape, in lower case.
    if (byte !== 117 || this.#bytes[at + 1] !== zero || this.#bytes[at + 2] !== zero) return -1;
    const high = (this.#bytes[at + 3] ?? 0) - zero;
    const low = lowerHexDigit(this.#bytes[at + 4] ?? 0);
    if ((high !== 0 && high !== 1) || low === -1) return -1;
    return shortControls.has(high * 16 + low) ? -1 : at + 5;
  }

  /** An exponent is what no caller expects after a number, so it ends in -1 there. */
  #number(from: number): number {
    const bytes = this.#bytes;
    const first = bytes[from] === minus ? from + 1 : from;
    const dotAt = this.#digits(first);
    const whole = dotAt - first;
    const isZero = bytes[first] === zero;
    if (whole === 0 || whole > digitsMax || (isZero && whole > 1)) return -1;
    // "-0" reads as 0.
    if (bytes[dotAt] !== dot) return isZero && first !== from ? -1 : dotAt;
    const to = this.#digits(dotAt + 1);
    const digits = to - dotAt - 1;
    if (digits === 0 || digits + whole > digitsMax || bytes[to - 1] === zero) return -1;
    return isZero && this.#isTiny(dotAt + 1) ? -1 : to;
  }

  /** Index after the digits from here. */
  #digits(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    for (let byte = bytes[at] ?? 0; byte >= zero && byte <= nine; byte = bytes[at] ?? 0) at++;
    return at;
  }

  /** Below 1e-6, which is written with an exponent. */
  #isTiny(from: number): boolean {
    for (let at = from; at < from + 6; at++) if (this.#bytes[at] !== zero) return false;
    return true;
  }
}

function lowerHexDigit(byte: number): number {
  if (byte >= zero && byte <= nine) return byte - zero;
  return byte >= 97 && byte <= 102 ? byte - 87 : -1;
}

/** Reads lines of ASCII JSON that end with a line feed. */
export function createScanner(bytes: Uint8Array): CanonicalScanner {
  return new Scanner(bytes);
}
