import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keyedRandom, lagOne, meanInterval, type WeightedSlice } from "./bootstrap.ts";

function gauss(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Slices of 20 exponential values with mean 1. */
function skewed(n: number, random: () => number): WeightedSlice[] {
  return Array.from({ length: n }, () => {
    let sum = 0;
    for (let i = 0; i < 20; i++) sum -= Math.log(1 - random());
    return [20, sum];
  });
}

/** Slices whose level wanders: an AR(1) around 1. */
function wandering(n: number, r: number, random: () => number): WeightedSlice[] {
  let level = gauss(random);
  return Array.from({ length: n }, () => {
    level = r * level + Math.sqrt(1 - r * r) * gauss(random);
    return [20, 20 * (1 + 0.3 * level)];
  });
}

/** Share of runs whose bound misses the true mean of 1. */
function missed(runs: number, make: (random: () => number) => WeightedSlice[]) {
  const random = keyedRandom("false passes");
  let [passes, fails, told] = [0, 0, 0];
  for (let run = 0; run < runs; run++) {
    const found = meanInterval(make(random), 0.95, `run ${run}`);
    if (found === null || found.effective < 8) continue;
    told++;
    if (found.upper < 1) passes++;
    if (found.lower > 1) fails++;
  }
  return { passes: passes / runs, fails: fails / runs, told: told / runs };
}

describe("block bootstrap of a mean", () => {
  test("independent skewed slices: a false pass and a false failure stay near 5 % of runs", () => {
    const rates = missed(600, (random) => skewed(30, random));
    expect(rates.passes).toBeLessThan(0.075);
    expect(rates.fails).toBeLessThan(0.075);
    expect(rates.told).toBeGreaterThan(0.9);
  });

  test("slices that wander: the false-pass rate stays under 9 %, where the naive mean has more than 13 %", () => {
    const rates = missed(500, (random) => wandering(60, 0.5, random));
    expect(rates.passes).toBeLessThan(0.09);
    expect(rates.fails).toBeLessThan(0.09);
    const naive = missedNaively(500, (random) => wandering(60, 0.5, random));
    expect(naive).toBeGreaterThan(0.13);
  });

  test("slices that go together too much are worth fewer than 8 and say so", () => {
    const found = meanInterval(wandering(30, 0.95, keyedRandom("slow")), 0.95, "k");
    expect(found?.effective).toBeLessThan(8);
  });

  test("golden: equal slices and key give equal bounds, another key other draws", () => {
    const slices = skewed(40, keyedRandom("golden"));
    const found = meanInterval(slices, 0.95, "plan claim all");
    expect(found).toEqual(meanInterval(slices, 0.95, "plan claim all"));
    expect(found).not.toEqual(meanInterval(slices, 0.95, "plan claim other"));
    expect(found?.mean.toPrecision(9)).toMatchInlineSnapshot(`"1.00460808"`);
    expect(found?.lower.toPrecision(9)).toMatchInlineSnapshot(`"0.934107998"`);
    expect(found?.upper.toPrecision(9)).toMatchInlineSnapshot(`"1.10407586"`);
  });

  test("29 slices, or slices without weight, give no interval", () => {
    expect(meanInterval(skewed(29, keyedRandom("few")), 0.95, "k")).toBeNull();
    const empty = Array.from({ length: 40 }, (): WeightedSlice => [0, 0]);
    expect(meanInterval(empty, 0.95, "k")).toBeNull();
  });

  test("property: the mean lies inside its bounds and scales with the unit", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 5_000 })), {
          minLength: 30,
          maxLength: 60,
        }),
        (slices) => {
          const found = meanInterval(slices, 0.95, "k");
          if (found === null) throw new Error("no interval");
          expect(found.lower).toBeLessThanOrEqual(found.mean + 1e-9);
          expect(found.upper).toBeGreaterThanOrEqual(found.mean - 1e-9);
          const doubled = meanInterval(
            slices.map(([w, s]): WeightedSlice => [w, 2 * s]),
            0.95,
            "k",
          );
          expect(doubled?.upper).toBeCloseTo(2 * found.upper, 6);
        },
      ),
      { numRuns: 25 },
    );
  });

  test("more than 3,600 slices are joined, not dropped", () => {
    const slices = skewed(8_000, keyedRandom("long"));
    const found = meanInterval(slices, 0.95, "k");
    const whole = slices.reduce((sum, [, s]) => sum + s, 0) / (20 * 8_000);
    expect(found?.mean).toBeCloseTo(whole, 9);
  });

  test("values that do not vary have no correlation and an interval without width", () => {
    expect(lagOne([1, 1, 1, 1, 1])).toBe(0);
    const flat = Array.from({ length: 30 }, (): WeightedSlice => [10, 70]);
    expect(meanInterval(flat, 0.95, "k")).toMatchObject({ mean: 7, lower: 7, upper: 7 });
  });
});

/** What a normal interval over the slices says: it takes them as independent. */
function missedNaively(runs: number, make: (random: () => number) => WeightedSlice[]): number {
  const random = keyedRandom("false passes");
  let misses = 0;
  for (let run = 0; run < runs; run++) {
    const means = make(random).map(([w, s]) => s / w);
    const mean = means.reduce((a, b) => a + b, 0) / means.length;
    const spread = Math.sqrt(
      means.reduce((a, b) => a + (b - mean) ** 2, 0) / (means.length - 1) / means.length,
    );
    if (mean + 1.645 * spread < 1) misses++;
  }
  return misses / runs;
}
