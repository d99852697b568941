import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "./canonical-json.ts";
import { createScanner } from "./canonical-scan.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Whether the scanner takes a whole line. */
function isSure(text: string): boolean {
  const bytes = encode(`${text}\n`);
  return createScanner(bytes).lineEnd(0) === bytes.length - 1;
}

/** The slow way: read it and write it again. */
function isItsOwnCanonicalForm(text: string): boolean {
  try {
    return canonicalJson(JSON.parse(text)) === text;
  } catch {
    return false;
  }
}

const ascii = fc.string({ unit: "binary-ascii", maxLength: 12 });
const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -999_999, max: 999_999 }).map((value) => value / 1000),
  fc.constantFrom(0, -0, 1e-6, 1e-7, 1e21, 999_999_999_999_999, 0.1),
);
const json = fc.letrec<{ value: unknown; leaf: unknown }>((tie) => ({
  leaf: fc.oneof(ascii, fc.string({ unit: "grapheme" }), number, fc.boolean(), fc.constant(null)),
  value: fc.oneof(
    { maxDepth: 4 },
    tie("leaf"),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(ascii, tie("value"), { maxKeys: 4 }),
  ),
}));

/** One small edit of a text: a byte changed, left out, or put in. */
const edit = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom("set", "drop", "insert"),
  unit: fc.constantFrom(...'{}[]",:0123456789.-+eEu\\ntf \u0001\u007f\u00e9'),
});

function edited(text: string, o: { at: number; kind: string; unit: string }): string {
  const at = text.length === 0 ? 0 : o.at % text.length;
  const rest = text.slice(o.kind === "insert" ? at : at + 1);
  return `${text.slice(0, at)}${o.kind === "drop" ? "" : o.unit}${rest}`;
}

describe("createScanner", () => {
  it("is sure only of texts that are their own canonical form, of any value and after any edit", () => {
    const property = fc.property(json.value, fc.array(edit, { maxLength: 3 }), (value, edits) => {
      const text = edits.reduce(edited, canonicalJson(value));
      if (!text.includes("\n") && isSure(text)) expect(isItsOwnCanonicalForm(text)).toBe(true);
    });
    fc.assert(property, { numRuns: 5000 });
  });

  it("is sure of what its own records are made of", () => {
    const values = [
      {},
      [],
      { a: 1, b: [true, false, null], c: { d: "x" } },
      { at: "2026-01-01T00:00:00.000Z", mono: 29_171.794, n: 0, p99Ms: 0.125, seq: 103 },
      ['quote " backslash \\ line\n tab\t bell\u0007 unit\u001f', "", "~"],
      { "": 0, " ": 1, "10": 2, "9": 3, A: 4, a: 5, aa: 6, ab: 7 },
      [0, 1, -1, 0.5, -0.5, 0.000_001, 999_999_999_999_999, 12.345],
    ];
    for (const value of values)
      expect([value, isSure(canonicalJson(value))]).toEqual([value, true]);
  });

  it.each([
    ['{"b":1,"a":2}', "keys out of order"],
    ['{"a":1,"a":2}', "a key twice"],
    ['{"a": 1}', "white space"],
    ['{"a":1}x', "bytes after the end"],
    ['{"a":1,}', "a trailing comma"],
    ["[1,]", "a trailing comma in a list"],
    ['{"a":1', "an object without end"],
    ['["a', "a text without end"],
    ["1.0", "a zero after the point"],
    ["01", "a leading zero"],
    ["-0", "a negative zero"],
    ["1.", "a point without digits"],
    ["1e2", "an exponent"],
    ["1.5e3", "a point and an exponent"],
    ["0.0000001", "a decimal that is written with an exponent"],
    ['"\\u0041"', "an escape of what needs none"],
    ['"\\/"', "an escaped slash"],
    ['"\\u001F"', "an escape in upper case"],
    ['"\\u000a"', "a long escape of a line feed"],
    ['"\\ud800"', "half a surrogate"],
    ["nul", "half a word"],
    ["", "nothing"],
  ])("leaves %s to the caller: %s", (text) => {
    expect(isSure(text)).toBe(false);
    expect(isItsOwnCanonicalForm(text)).toBe(false);
  });

  it("leaves to the caller what it does not read, although it may be canonical", () => {
    const deep = `${"[".repeat(70)}${"]".repeat(70)}`;
    for (const text of ['"é"', '{"a\\"b":1}', "1e+21", "1234567890.123456", deep]) {
      expect([text, isSure(text), isItsOwnCanonicalForm(text)]).toEqual([text, false, true]);
    }
  });

  it("finds the member `hash` of the outermost object alone", () => {
    const at = (text: string): number => {
      const scanner = createScanner(encode(`${text}\n`));
      scanner.lineEnd(0);
      return scanner.hashAt;
    };
    expect(at('{"data":{"hash":"x"},"hash":"y"}')).toBe(21);
    expect(at('{"data":{"hash":"x"},"hush":"y"}')).toBe(-1);
  });
});
