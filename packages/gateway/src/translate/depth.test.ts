import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isTooDeep } from "./depth.ts";

const nested = (levels: number, open = "[", close = "]"): string =>
  open.repeat(levels) + close.repeat(levels);

describe("the depth of a JSON text", () => {
  it.each([
    ["[", "]"],
    ['{"a":', "}"],
  ])("of 500 levels of %s%s is read, of one more is not", (open, close) => {
    expect(isTooDeep(nested(500, open, close))).toBe(false);
    expect(isTooDeep(nested(501, open, close))).toBe(true);
  });

  it("counts no bracket of a string, quotes and backslashes in it or not", () => {
    for (const text of ["[".repeat(5_000), `\\"${"{".repeat(5_000)}`, `\\${"[".repeat(5_000)}`]) {
      expect(isTooDeep(JSON.stringify({ text }))).toBe(false);
    }
    expect(isTooDeep(`{"a":"\\\\","b":${nested(600)}}`)).toBe(true);
  });

  it("is of levels, not of length: many beside each other are none", () => {
    expect(isTooDeep(`[${Array.from({ length: 5_000 }, () => "{}").join()}]`)).toBe(false);
  });

  it("whatever is read can be written anew", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 20 }), (text) => {
        expect(isTooDeep(text)).toBe(false);
        expect(() => JSON.stringify(JSON.parse(text))).not.toThrow();
      }),
    );
    expect(() => JSON.stringify(JSON.parse(nested(500)))).not.toThrow();
  });
});
