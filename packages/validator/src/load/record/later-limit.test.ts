import { createHistogram, decodeHdr, encodeHdr } from "@loadline/kit/histogram";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeLater } from "./later-limit.ts";

const bucketsOf = (us: readonly number[]) => {
  const histogram = createHistogram();
  for (const one of us) histogram.record(one);
  return decodeHdr(encodeHdr(histogram));
};
const limit = { limitMs: 300, quantile: 0.95, confidence: 0.95 };

describe("a limit that was thought of after the run", () => {
  it("law: the true number over it always lies between sure and possible, failures added", () => {
    const values = fc.array(fc.double({ min: 0, max: 3e6, noNaN: true }), { maxLength: 200 });
    fc.assert(
      fc.property(
        values,
        fc.nat(20),
        fc.double({ min: 0.01, max: 3_000, noNaN: true }),
        (us, hardBad, limitMs) => {
          const kept = { n: us.length + hardBad, hardBad, buckets: bucketsOf(us) };
          const { sure, possible } = judgeLater(kept, { ...limit, limitMs });
          const truth = hardBad + us.filter((one) => one >= limitMs * 1_000).length;
          expect(sure).toBeLessThanOrEqual(truth);
          expect(possible).toBeGreaterThanOrEqual(truth);
        },
      ),
      { seed: 5, numRuns: 300 },
    );
  });

  it("is decided where both agree, away from every value", () => {
    const quick = { n: 100, hardBad: 0, buckets: bucketsOf(Array(100).fill(100_000)) };
    expect(judgeLater(quick, limit)).toEqual({
      n: 100,
      sure: 0,
      possible: 0,
      verdict: "passed",
      reason: null,
    });
    expect(judgeLater(quick, { ...limit, limitMs: 50 })).toMatchObject({
      verdict: "failed",
      sure: 100,
    });
    expect(judgeLater({ ...quick, n: 120, hardBad: 20 }, limit)).toMatchObject({
      verdict: "failed",
      sure: 20,
    });
  });

  it("is open by resolution where a bucket holds both, and by samples where there are too few", () => {
    const at = { n: 100, hardBad: 0, buckets: bucketsOf(Array(100).fill(300_100)) };
    expect(judgeLater(at, limit)).toMatchObject({
      sure: 0,
      possible: 100,
      verdict: "inconclusive",
      reason: "resolution",
    });
    const few = { n: 10, hardBad: 0, buckets: bucketsOf(Array(10).fill(1_000)) };
    expect(judgeLater(few, limit)).toMatchObject({ verdict: "inconclusive", reason: "samples" });
    const none = { n: 0, hardBad: 0, buckets: [] };
    expect(judgeLater(none, limit)).toMatchObject({ verdict: "inconclusive", reason: "samples" });
  });

  it("what nobody could measure is good and bad: it never makes a pass", () => {
    const unknown = { n: 200, hardBad: 0, buckets: bucketsOf(Array(100).fill(1_000)) };
    expect(judgeLater(unknown, limit)).toMatchObject({
      sure: 0,
      possible: 100,
      verdict: "inconclusive",
    });
  });
});
