import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { spellDuration, spellMs } from "./duration.ts";

describe("milliseconds in a line of the log", () => {
  it("are spelled as the number is that is rounded to a thousandth", () => {
    const ms = fc.double({ min: 0, max: 1e9, noNaN: true });
    const near = fc.nat({ max: 5_000_000 }).map((us) => us / 1000);
    fc.assert(
      fc.property(fc.oneof(ms, near, fc.constantFrom(0, 0.0004, 0.0005, 0.9996, 1)), (value) => {
        expect(spellMs(value)).toBe(String(Math.round(value * 1000) / 1000));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a duration as OpenAI spells it", () => {
  it.each([
    [0, "0s"],
    [1, "0.001s"],
    [1000, "0.001s"],
    [20_000, "0.02s"],
    [999_001, "1s"],
    [63_500_000, "1m3.5s"],
    [60_000_000, "1m0s"],
    [86_400_000_000, "1440m0s"],
  ])("%i us is %s", (us, text) => {
    expect(spellDuration(us)).toBe(text);
  });

  it("reads back as the ms it was given, rounded up, with fewer than 60 s beside minutes", () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 50 }), (us) => {
        const parts = /^(?:(\d+)m)?(\d+(?:\.\d{1,3})?)s$/.exec(spellDuration(us));
        const seconds = Number(parts?.[2]);
        expect(Math.round((Number(parts?.[1] ?? 0) * 60 + seconds) * 1000)).toBe(
          Math.ceil(us / 1000),
        );
        expect(seconds).toBeLessThan(60);
        expect(parts?.[2]).toBe(String(seconds));
      }),
    );
  });
});
