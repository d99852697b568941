import { LineCounter, parseDocument } from "yaml";
import { describe, expect, it } from "vitest";
import { valuesOf } from "./yaml-values.ts";

function read(text: string): unknown {
  const lines = new LineCounter();
  return valuesOf(parseDocument(text, { lineCounter: lines, uniqueKeys: true }), lines, "a.yaml");
}

const times = (count: number, text: string): string => `[${Array(count).fill(text).join(",")}]`;
const laughs = [`a: &a ${times(9, "x")}`, `b: &b ${times(9, "*a")}`, `c: ${times(10, "*b")}`];

describe("a configuration file", () => {
  it("is the value that it writes, aliases included", () => {
    expect(read("a: &x {b: 1}\nc: *x\n")).toEqual({ a: { b: 1 }, c: { b: 1 } });
    expect(read("")).toBeNull();
    expect(read(`a: &x 1\nb: ${times(50, "*x")}`)).toEqual({ a: 1, b: Array(50).fill(1) });
  });

  it.each([
    ["an alias of nothing", "a: 1\nb: *nope\n", "*nope names no anchor before it. (a.yaml:2)"],
    ["aliases that multiply", laughs.join("\n"), /^Excessive alias count.*\(a\.yaml:3\)$/],
    ["a tag that nobody knows", "a: 1\nb: !mine 2\n", "Unresolved tag: !mine. (a.yaml:2)"],
    ["a key twice", "a: 1\na: 2\n", "Map keys must be unique. (a.yaml:2)"],
    ["two documents", "a: 1\n---\nb: 1\n", /\(a\.yaml:2\)$/],
    ["an indent that is none", "a:\n  b: 1\n c: 2\n", /\(a\.yaml:\d\)$/],
  ])("with %s is refused as no YAML, with its line", (_what, text, message) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: "LL_CONFIG_SYNTAX" }));
    expect(() => read(text)).toThrow(message);
  });

  it.each([
    ["at its top", "a: 1\n__proto__: {stateDir: elsewhere}\n", 2],
    ["among its routes", "routes:\n  a: {}\n  __proto__: {}\n", 3],
    ["within a list", "limits:\n  - { __proto__: 1 }\n", 2],
    ["by an alias", "a: &a __proto__\n*a : {}\n", 2],
  ])("with a key that would be no key %s is refused, with its line", (_where, text, line) => {
    const message = `__proto__: unknown key. (a.yaml:${line})`;
    const refusal = { code: "LL_CONFIG_UNKNOWN_KEY", message };
    expect(() => read(text)).toThrow(expect.objectContaining(refusal));
  });
});
