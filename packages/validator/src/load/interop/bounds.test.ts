import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { overRange } from "./bounds.ts";
import { foreignMetric } from "./foreign.ts";

const times = fc.array(
  fc.oneof(
    fc.double({ min: 0, max: 200, noNaN: true }),
    fc.double({ min: 0, max: 20_000, noNaN: true }),
    fc.constantFrom(99.5, 99.6, 100, 140, 145, 995, 1000, 1050, 9950, 10_000),
  ),
  { minLength: 1, maxLength: 300 },
);
const limits = fc.oneof(
  fc.double({ min: 0, max: 20_000, noNaN: true }),
  fc.constantFrom(100, 140, 150, 1000, 10_000),
);
const overIn = (samples: readonly number[], limitMs: number): number =>
  samples.filter((ms) => ms >= limitMs).length;

/** k6's percentile: between the two samples around index (n - 1) p. */
function interpolate(ascending: readonly number[], p: number): number {
  const at = (ascending.length - 1) * p;
  const [low, high] = [Math.floor(at), Math.ceil(at)];
  const [a = Number.NaN, b = Number.NaN] = [ascending[low], ascending[high]];
  return a + (b - a) * (at - low);
}

/** Locust's rounding to two digits; ties to even, as Python does. */
function rounded(ms: number): number {
  const unit = ms < 100 ? 1 : ms < 1000 ? 10 : ms < 10_000 ? 100 : 1000;
  const whole = Math.floor(ms / unit);
  const rest = ms / unit - whole;
  const up = rest > 0.5 || (rest === 0.5 && whole % 2 === 1);
  return (up ? whole + 1 : whole) * unit;
}

/** Locust's percentile: from the top down to the bucket with int(n p) samples below. */
function locustPercentile(buckets: readonly (readonly [number, number])[], p: number): number {
  const n = buckets.reduce((sum, [, count]) => sum + count, 0);
  const wanted = Math.floor(n * p);
  let seen = 0;
  for (const [ms, count] of buckets.toReversed()) {
    seen += count;
    if (n - seen <= wanted) return ms;
  }
  return 0;
}

function bucketsOf(samples: readonly number[]): (readonly [number, number])[] {
  const counts = new Map<number, number>();
  for (const ms of samples) counts.set(rounded(ms), (counts.get(rounded(ms)) ?? 0) + 1);
  return [...counts].toSorted(([a], [b]) => a - b);
}

const trend = { selector: "http_req_duration", kind: "trend", isTime: true } as const;

describe("samples over a limit, from a summary alone", () => {
  it("k6: the true count always lies within the bounds that its figures allow", () => {
    const percents = fc.uniqueArray(fc.constantFrom(50, 75, 90, 95, 99, 99.9), { maxLength: 6 });
    fc.assert(
      fc.property(times, limits, percents, (samples, limitMs, wanted) => {
        const ascending = samples.toSorted((a, b) => a - b);
        const figures = {
          min: ascending[0] ?? 0,
          max: ascending.at(-1) ?? 0,
          med: interpolate(ascending, 0.5),
          ...Object.fromEntries(wanted.map((p) => [`p(${p})`, interpolate(ascending, p / 100)])),
        };
        const range = overRange(foreignMetric({ ...trend, figures }), samples.length, limitMs);
        const truth = overIn(samples, limitMs);
        expect(range.sure).toBeLessThanOrEqual(truth);
        expect(range.possible).toBeGreaterThanOrEqual(truth);
      }),
      { seed: 11, numRuns: 2000 },
    );
  });

  it("Locust: neither rounded buckets nor rounded percentiles exclude the truth", () => {
    fc.assert(
      fc.property(times, limits, (samples, limitMs) => {
        const buckets = bucketsOf(samples);
        const truth = overIn(samples, limitMs);
        const rounding = "two-digits" as const;
        const extremes = { min: Math.min(...samples), max: Math.max(...samples) };
        const percents = [50, 66, 75, 80, 90, 95, 98, 99, 99.9].map((p) => [
          `p(${p})`,
          locustPercentile(buckets, p / 100),
        ]);
        const csv = { ...extremes, ...Object.fromEntries(percents) };
        for (const metric of [
          foreignMetric({ ...trend, rounding, buckets, figures: extremes }),
          foreignMetric({ ...trend, rounding, figures: csv }),
        ]) {
          const range = overRange(metric, samples.length, limitMs);
          expect(range.sure).toBeLessThanOrEqual(truth);
          expect(range.possible).toBeGreaterThanOrEqual(truth);
        }
      }),
      { seed: 12, numRuns: 2000 },
    );
  });

  it("buckets are as sharp as their width: away from the limit both bounds agree", () => {
    const buckets = bucketsOf([12, 80, 240, 900, 900, 4000]);
    const metric = foreignMetric({ ...trend, rounding: "two-digits", buckets, figures: {} });
    expect(overRange(metric, 6, 500)).toEqual({ sure: 3, possible: 3 });
    expect(overRange(metric, 6, 240)).toEqual({ sure: 3, possible: 4 });
    expect(overRange(metric, 6, 899)).toEqual({ sure: 1, possible: 3 });
  });

  it("without any figure nothing is known; figures that contradict are trusted no further", () => {
    expect(overRange(foreignMetric({ ...trend, figures: {} }), 9, 5)).toEqual({
      sure: 0,
      possible: 9,
    });
    const lies = foreignMetric({ ...trend, figures: { max: 4, "p(50)": 90 } });
    expect(overRange(lies, 9, 50)).toEqual({ sure: 0, possible: 5 });
  });
});
