import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, meant, nearest } from "./index.ts";

describe("nearest", () => {
  it("the word with the fewest edits is offered, a far one is not", () => {
    expect(nearest("valdate", ["verify", "validate"])).toBe("validate");
    expect(nearest("fallbck", ["feedback", "fallback"])).toBe("fallback");
    expect(nearest("xyzzy", ["verify", "validate"])).toBeNull();
    expect(nearest("port", [])).toBeNull();
  });

  it("at most a third of the letters may differ, rounded up", () => {
    expect(nearest("prt", ["port"])).toBe("port");
    expect(nearest("row", ["run"])).toBeNull();
    expect(nearest("prot", ["port"])).toBe("port");
    expect(nearest("abcdefghi", ["abcdefxyz"])).toBe("abcdefxyz");
    expect(nearest("abcdefghi", ["abcdewxyz"])).toBeNull();
  });

  it("case is no edit, and the known spelling is what is offered", () => {
    expect(nearest("TIMEOUTMS", ["timeoutMs", "timeout"])).toBe("timeoutMs");
  });

  it("the first of two that are equally near is offered", () => {
    expect(nearest("cat", ["cut", "cot"])).toBe("cut");
  });

  it("of a word of any length 64 characters are compared", () => {
    const long = "a".repeat(64);
    expect(nearest(`${long}${"z".repeat(100_000)}`, [long])).toBe(long);
  });

  it("a hint is a sentence of its own, or nothing", () => {
    expect(meant("valdate", ["validate"])).toBe(' Did you mean "validate"?');
    expect(meant("xyzzy", ["verify"])).toBe("");
  });
});

describe("editDistance", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 8 });

  it("is symmetric, zero for equal words alone, and at most the longer length", () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
      { seed: 31 },
    );
  });

  it("is never longer over a third word", () => {
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
      }),
      { seed: 32 },
    );
  });
});
