import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyParams } from "./members.ts";

const apply = (text: string, rules: Parameters<typeof applyParams>[1]): string =>
  applyParams(Buffer.from(text), rules).toString();

describe("applyParams", () => {
  it("drops, renames and clamps members and leaves every other byte as it was", () => {
    const text = '{ "a" : 1.0e0 ,\n"b":[1,{"c":2}], "t":2.50, "model":"m" }';
    expect(apply(text, { drop: ["b"] })).toBe('{ "a" : 1.0e0 , "t":2.50, "model":"m" }');
    expect(apply(text, { rename: { t: "temp", model: 'm"' } })).toBe(
      '{ "a" : 1.0e0 ,\n"b":[1,{"c":2}], "temp":2.50, "m\\"":"m" }',
    );
    expect(apply(text, { clamp: { t: { max: 2 }, a: { min: 3 }, b: { max: 0 } } })).toBe(
      '{ "a" : 3,\n"b":[1,{"c":2}], "t":2, "model":"m" }',
    );
  });

  it("keeps only what is named, and nothing when nothing of it is there", () => {
    expect(apply('{"a":1,"b":"}","c":[]}', { keep: ["b"] })).toBe('{"b":"}"}');
    expect(apply('{"a":1}', { keep: [] })).toBe("{}");
    expect(apply("{}", { drop: ["a"] })).toBe("{}");
  });

  it("finds a member by its name, however the name is spelled", () => {
    expect(apply('{"\\u0061":1,"b":2}', { drop: ["a"] })).toBe('{"b":2}');
  });

  it("for any object the result holds the members that the rules leave", () => {
    const key = fc.oneof(fc.constantFrom("a", "b", "c"), fc.string());
    fc.assert(
      fc.property(
        fc.dictionary(key, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 6 }),
        fc.constantFrom(undefined, 1, "\t"),
        (value, indent) => {
          const text = JSON.stringify(value, null, indent);
          const result: unknown = JSON.parse(apply(text, { drop: ["a"], rename: { b: "b2" } }));
          const entries = Object.entries(value).filter(([name]) => name !== "a");
          const renamed = entries.map(([name, item]) => [name === "b" ? "b2" : name, item]);
          const wanted: unknown = JSON.parse(JSON.stringify(Object.fromEntries(renamed)));
          if (!("b2" in value)) expect(result).toEqual(wanted);
        },
      ),
    );
  });
});
