import { describe, expect, it } from "vitest";
import { compoundTimeAt } from "./compound-time.ts";
import { readAmounts } from "./amounts.ts";

const minuteMs = 60_000;

describe("a duration in several units is one figure", () => {
  it.each([
    ["1 h 32 min", 92 * minuteMs, minuteMs / 2],
    ["1h32m", 92 * minuteMs, minuteMs / 2],
    ["18 min 30 s", 18.5 * minuteMs, 500],
    ["2m30.5s", 150_500, 50],
    ["2 days 3 hours 4 minutes", ((2 * 24 + 3) * 60 + 4) * minuteMs, minuteMs / 2],
    ["3 Std 20 Minuten", 200 * minuteMs, minuteMs / 2],
    ["1 s 250 ms", 1_250, 0.5],
  ])("%s", (text, ms, halfMs) => {
    expect(compoundTimeAt(text, 0)).toMatchObject({ ms, halfMs, end: text.length });
    expect(readAmounts(text, { line: 1, sign: "." })).toEqual([
      expect.objectContaining({ value: ms, half: halfMs, dimension: "time", text }),
    ]);
  });

  it.each([
    ["one figure", "12 min"],
    ["a list of windows", "1 h, 5 min"],
    ["rising units", "5 min 1 h"],
    ["equal units", "5 min 6 min"],
    ["a fraction before a smaller unit", "1.5 h 20 min"],
    ["a rate", "2 min 30 s/run"],
    ["another word behind the digits", "1 h 30 runs"],
  ])("%s is none", (_, text) => {
    expect(compoundTimeAt(text, 0)).toBeNull();
  });

  it("a minute before a second is no bound of it", () => {
    const [one, more] = readAmounts("took 18 min 30 s in all", { line: 4, sign: "." });
    expect(one).toMatchObject({ value: 18.5 * minuteMs, comparator: "=", text: "18 min 30 s" });
    expect(more).toBeUndefined();
  });

  it("reads no more parts than there are units, however long the text is", () => {
    const begun = compoundTimeAt(`1 d 1 h 1 min 1 s 1 ms ${"1 s ".repeat(100_000)}`, 0);
    expect(begun?.end).toBe("1 d 1 h 1 min 1 s 1 ms".length);
  });
});
