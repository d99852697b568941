import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyTable } from "./keys.ts";
import { isScanProblem, scanObject } from "./scan.ts";
import { decodeString } from "./text.ts";

const names = ["model", "stream", "messages"];
const keys = keyTable(names);
const scan = (text: string): ReturnType<typeof scanObject> => scanObject(Buffer.from(text), keys);

function spansOf(text: string): Record<string, string> | undefined {
  const bytes = Buffer.from(text);
  const result = scanObject(bytes, keys);
  if (isScanProblem(result)) return undefined;
  const spans: Record<string, string> = {};
  names.forEach((name, i) => {
    const start = result.starts[i] ?? -1;
    if (start >= 0) spans[name] = bytes.toString("utf8", start, result.ends[i]);
  });
  return spans;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return { ...value };
  } catch {
    return undefined;
  }
}

const member = fc.oneof(fc.constantFrom(...names), fc.string());
const document = fc.dictionary(member, fc.jsonValue({ maxDepth: 4 }), { maxKeys: 6 });

describe("scanObject against JSON.parse", () => {
  it("finds exactly the values that JSON.parse finds", () => {
    fc.assert(
      fc.property(document, fc.constantFrom(undefined, 1, "\t"), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const spans = spansOf(text);
        const whole = parsed(text) ?? {};
        for (const name of names) {
          const span = spans?.[name];
          expect(span !== undefined).toBe(Object.hasOwn(whole, name));
          if (span !== undefined) expect(JSON.parse(span)).toEqual(whole[name]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("after any mutation, what it accepts and JSON.parse accepts has the same known values", () => {
    const edit = fc.record({
      at: fc.nat(),
      by: fc.constantFrom(...'"{}[],:\\0 etrunl-.x\u0001é'.split("")),
    });
    fc.assert(
      fc.property(document, fc.array(edit, { minLength: 1, maxLength: 3 }), (value, edits) => {
        let text = JSON.stringify({ model: "m", ...value });
        for (const { at, by } of edits) {
          const i = at % text.length;
          text = text.slice(0, i) + by + text.slice(i + 1);
        }
        const whole = parsed(text);
        const spans = spansOf(text);
        if (whole === undefined || spans === undefined) return;
        for (const name of names) {
          const span = spans[name];
          expect(span === undefined ? undefined : JSON.parse(span)).toEqual(whole[name]);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("counts what a known array or object holds, at its own level and no deeper", () => {
    fc.assert(
      fc.property(document, (value) => {
        const result = scan(JSON.stringify(value));
        if (isScanProblem(result)) throw new TypeError(result.message);
        const plain = parsed(JSON.stringify(value)) ?? {};
        names.forEach((name, i) => {
          const held = plain[name];
          const isHolder = typeof held === "object" && held !== null;
          expect(result.counts[i]).toBe(isHolder ? Object.keys(held).length : 0);
        });
      }),
      { numRuns: 300 },
    );
    for (const empty of ["[]", "[ ]", "{}", "{\n}"])
      expect(scan(`{"messages":${empty},"a":[1,2]}`)).toMatchObject({ counts: [0, 0, 0] });
  });

  it("a number ends with the bytes that numbers are made of", () => {
    const others = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).filter(
      (one) => !/[0-9eE+.,} -]/.test(one),
    );
    for (const other of others)
      for (const name of ["model", "a"])
        expect(isScanProblem(scan(`{"${name}":1${other}2}`)), other).toBe(true);
  });

  it("refuses a valid document only for a repeated known member", () => {
    fc.assert(
      fc.property(document, fc.constantFrom(...names), (value, name) => {
        const text = JSON.stringify({ ...value, [name]: 1 });
        const result = scan(`${text.slice(0, -1)},${JSON.stringify(name)}:2}`);
        expect(isScanProblem(result) && result.code).toBe("LL_BODY_DUPLICATE_KEY");
      }),
    );
  });
});

describe("scanObject", () => {
  it.each([
    ["", "no byte"],
    ["[]", "an array"],
    ['"x"', "a string"],
    ['{"model":"m"', "a missing brace"],
    ['{"model":"m"}}', "a brace too many"],
    ['{"model":"m",}', "a trailing comma"],
    ['{"model" "m"}', "a missing colon"],
    ['{"a":[1,2}', "a bracket of the other kind"],
    ['{"a":[1,,2]}', "an empty element"],
    ["{model:1}", "a bare member name"],
    ["{'model':1}", "single quotes"],
    ['{"a":tru}', "half a literal"],
    ['{"a":NaN}', "a bare word"],
    ['{"a":"x}', "an unterminated string"],
    ['{"a":1/*x*/}', "a comment"],
    ['{"a\\":1}', "an escaped quote at the end of a name"],
    ['{"\\x":1}', "an unknown escape in a name"],
    ['{"a":1} x', "bytes after the object"],
  ])("%s is refused as invalid JSON (%s)", (text) => {
    const result = scan(text);
    expect(isScanProblem(result) && result.code).toBe("LL_BODY_INVALID_JSON");
  });

  it("an escaped spelling of a known member is the same member", () => {
    expect(spansOf('{"\\u006dodel":"m"}')).toEqual({ model: '"m"' });
    const result = scan('{"model":"a","mod\\u0065l":"b"}');
    expect(isScanProblem(result) && result.field).toBe("model");
  });

  it("a known name inside a value is not a member of the object", () => {
    const text = '{"a":{"model":1},"b":"\\"model\\":2","model":3}';
    expect(spansOf(text)).toEqual({ model: "3" });
  });

  it("strings longer than the search step keep their end, whatever backslashes precede it", () => {
    for (let n = 0; n < 80; n++) {
      for (const tail of ["", "\\", '"', '\\"', "\\\\"]) {
        const value = "x".repeat(n) + tail;
        const text = JSON.stringify({ messages: value, model: "m" });
        expect(spansOf(text)).toEqual({ messages: JSON.stringify(value), model: '"m"' });
      }
    }
  });

  it("65 levels and 10,001 members are refused, 64 and 10,000 are not", () => {
    const nested = (n: number): string => `{"a":${"[".repeat(n)}${"]".repeat(n)}}`;
    expect(isScanProblem(scan(nested(63)))).toBe(false);
    expect(isScanProblem(scan(nested(64)))).toBe(true);
    const wide = (n: number): string =>
      `{${Array.from({ length: n }, (_, i) => `"k${i}":0`).join(",")}}`;
    expect(isScanProblem(scan(wide(10_000)))).toBe(false);
    expect(isScanProblem(scan(wide(10_001)))).toBe(true);
  });

  it("bytes that are not UTF-8 are refused", () => {
    const bytes = Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]);
    expect(isScanProblem(scanObject(bytes, keys))).toBe(true);
  });

  it("decodeString reads what JSON.parse reads and refuses raw control characters", () => {
    const decode = (text: string): string | undefined =>
      decodeString(Buffer.from(text), 0, Buffer.byteLength(text));
    expect(decode('"a\\u00e9\\n"')).toBe("aé\n");
    expect(decode('"a\nb"')).toBe(undefined);
    expect(decode("12")).toBe(undefined);
  });
});
