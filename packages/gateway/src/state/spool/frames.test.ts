import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frameOf, readFrames } from "./frames.ts";

describe("frames", () => {
  it("every JSON value comes back as it was", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (values) => {
        const plain: unknown = JSON.parse(JSON.stringify(values));
        const text = values.map(frameOf).join("");
        expect(readFrames(text)).toEqual({ records: plain, damaged: 0 });
      }),
      { numRuns: 200 },
    );
  });

  it("a text cut anywhere gives the whole lines before the cut and nothing else", () => {
    const text = [1, "zwei", { three: "\n" }].map(frameOf).join("");
    for (let at = 0; at < text.length; at++) {
      const { records, damaged } = readFrames(text.slice(0, at));
      expect([1, "zwei", { three: "\n" }].slice(0, records.length)).toEqual(records);
      expect(damaged).toBe(at === 0 || text[at - 1] === "\n" ? 0 : 1);
    }
  });

  it("a line with one changed byte is left out and counted", () => {
    const text = ["aaaa", "bbbb", "cccc"].map(frameOf).join("");
    expect(readFrames(text.replace("bbbb", "bbxb"))).toEqual({
      records: ["aaaa", "cccc"],
      damaged: 1,
    });
  });
});
