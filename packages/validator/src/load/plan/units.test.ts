import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDurationMs, parseRangeMs, parseRatePerSecond } from "./units.ts";

describe("units of a load plan", () => {
  it.each([
    ["1s", 1000],
    ["30s", 30_000],
    ["5m", 300_000],
    ["500ms", 500],
    ["250us", 0.25],
    ["1.5s", 1500],
    ["1h30m", 5_400_000],
    ["1d", 86_400_000],
    ["0s", 0],
  ])("the duration %s is %d ms", (text, ms) => {
    expect(parseDurationMs(text)).toBeCloseTo(ms, 9);
  });

  it.each(["30", "", "s", "-1s", "1 s", "1x", "1s2", "1S", "1e3s", "1..2s", "NaNs"])(
    "the duration %j is refused: a unit is never guessed",
    (text) => {
      expect(parseDurationMs(text)).toBeNull();
    },
  );

  it("a range holds its two ends, a single duration is a range of one", () => {
    expect(parseRangeMs("1s..3s")).toEqual({ minMs: 1000, maxMs: 3000 });
    expect(parseRangeMs("2s")).toEqual({ minMs: 2000, maxMs: 2000 });
    for (const bad of ["3s..1s", "1s..", "..1s", "1s..2s..3s", "1..3"]) {
      expect(parseRangeMs(bad)).toBeNull();
    }
  });

  it("a rate is events per second whatever its unit", () => {
    expect(parseRatePerSecond("20/s")).toBe(20);
    expect(parseRatePerSecond("600/m")).toBe(10);
    expect(parseRatePerSecond("1800/h")).toBe(0.5);
    for (const bad of ["20", "/s", "20/d", "-1/s", "20 /s", "20/"]) {
      expect(parseRatePerSecond(bad)).toBeNull();
    }
  });

  it("parts of a duration add up in any mixture of units", () => {
    const part = fc.tuple(fc.integer({ min: 0, max: 999 }), fc.constantFrom("ms", "s", "m", "h"));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const alone = parts.map(([n, unit]) => parseDurationMs(`${n}${unit}`) ?? Number.NaN);
        const joined = parseDurationMs(parts.map(([n, unit]) => `${n}${unit}`).join(""));
        expect(joined).toBe(alone.reduce((sum, ms) => sum + ms, 0));
      }),
    );
  });
});
