import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keyedRandom } from "./bootstrap.ts";
import {
  comparisonSamples,
  hodgesLehmann,
  normalQuantile,
  pairsMax,
  pairsNeeded,
  signedRankCritical,
} from "./comparison.ts";

describe("signed ranks", () => {
  test.each([
    [4, 0.05, -1],
    [5, 0.05, 0],
    [6, 0.05, 2],
    [10, 0.05, 10],
    [10, 0.025, 8],
    [20, 0.05, 60],
    [20, 0.025, 52],
    [25, 0.05, 100],
    [50, 0.05, 466],
  ])("published critical value: n %i at %f one-sided is %i", (n, a, expected) => {
    expect(signedRankCritical(n, a)).toBe(expected);
  });

  test("the approximation from 51 pairs on continues the exact values within one rank in 200", () => {
    const exact = signedRankCritical(50, 0.05);
    const next = signedRankCritical(51, 0.05);
    expect(next - exact).toBeGreaterThan(15);
    expect(next - exact).toBeLessThan(25);
  });

  test("normal quantiles", () => {
    expect(normalQuantile(0.95)).toBeCloseTo(1.644853627, 8);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963985, 8);
    expect(normalQuantile(0.999)).toBeCloseTo(3.090232306, 8);
  });

  test("vector J: samples in all for P(X>Y) of 0.55, 0.60 and 0.65", () => {
    expect([0.55, 0.6, 0.65].map((chance) => comparisonSamples(chance))).toEqual([825, 207, 92]);
    expect(comparisonSamples(0.5)).toBeNull();
  });

  test("five pairs bound at 95 %, seven at 99 %", () => {
    expect([0.95, 0.99].map(pairsNeeded)).toEqual([5, 7]);
    expect(hodgesLehmann([1, 2, 3, 4], 0.95)).toMatchObject({ lower: null, upper: null });
  });
});

describe("Hodges-Lehmann", () => {
  test("golden: ten differences", () => {
    const found = hodgesLehmann([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.95);
    expect(found).toEqual({ shift: 5.5, lower: 3.5, upper: 7.5 });
  });

  test("one wild block does not move the estimate", () => {
    const quiet = Array.from({ length: 20 }, (_, i) => (i - 10) / 1_000);
    const wild = [...quiet.slice(1), 50];
    const [a, b] = [hodgesLehmann(quiet, 0.95), hodgesLehmann(wild, 0.95)];
    expect(Math.abs((a?.shift ?? 9) - (b?.shift ?? -9))).toBeLessThan(0.002);
  });

  test("a shift that is exactly at the limit is called smaller in at most about 5 % of runs", () => {
    const random = keyedRandom("at the limit");
    let [passes, fails] = [0, 0];
    const runs = 1_500;
    for (let run = 0; run < runs; run++) {
      // Skewed noise whose median is 0, around a shift of 0.1.
      const differences = Array.from({ length: 25 }, () => {
        const u = random();
        return 0.1 + 0.2 * Math.log((1 - u) / u);
      });
      const found = hodgesLehmann(differences, 0.95);
      if (found?.upper != null && found.upper < 0.1) passes++;
      if (found?.lower != null && found.lower > 0.1) fails++;
    }
    expect(passes / runs).toBeLessThan(0.07);
    expect(fails / runs).toBeLessThan(0.07);
  });

  test("property: shifting every difference shifts estimate and bounds", () => {
    const values = fc.array(fc.integer({ min: -1_000, max: 1_000 }), {
      minLength: 5,
      maxLength: 40,
    });
    fc.assert(
      fc.property(values, fc.integer({ min: -500, max: 500 }), (differences, by) => {
        const figures = (values: readonly number[]): readonly number[] => {
          const found = hodgesLehmann(values, 0.95);
          return [found?.lower, found?.shift, found?.upper].map((one) => one ?? Number.NaN);
        };
        const [before, after] = [figures(differences), figures(differences.map((d) => d + by))];
        after.forEach((value, at) => expect(value - (before[at] ?? 0)).toBeCloseTo(by, 9));
        expect(before).toEqual(before.toSorted((x, y) => x - y));
      }),
      { numRuns: 50 },
    );
  });

  test("no pair and more pairs than fit are no comparison", () => {
    expect(hodgesLehmann([], 0.95)).toBeNull();
    expect(
      hodgesLehmann(
        Array.from({ length: pairsMax + 1 }, () => 0),
        0.95,
      ),
    ).toBeNull();
  });
});

/** A machine whose speed wanders: the log of its slowness by the block. */
function wanderingMachine(random: () => number): () => number {
  let level = 0;
  return () => {
    level = 0.98 * level + 0.03 * (random() - 0.5);
    return level;
  };
}

describe("order of blocks", () => {
  const noise = (random: () => number): number => 0.06 * (random() - 0.5);

  /** Whether B is called worse by more than nothing, with blocks one after the other or in triples. */
  function regression(order: "sequential" | "interleaved", effect: number, seed: string): boolean {
    const random = keyedRandom(seed);
    const machine = wanderingMachine(random);
    const block = (own: number): number => own + machine() + noise(random);
    const n = 100;
    const [a, b]: [number[], number[]] = [[], []];
    if (order === "sequential") {
      for (let i = 0; i < n; i++) a.push(block(0));
      for (let i = 0; i < n; i++) b.push(block(effect));
    } else {
      for (let i = 0; i < n; i++) {
        const isFirst = random() < 0.5;
        if (isFirst) a.push(block(0));
        b.push(block(effect));
        if (!isFirst) a.push(block(0));
      }
    }
    const found = hodgesLehmann(
      b.map((value, i) => value - (a[i] ?? 0)),
      0.95,
    );
    // Against a margin of 2 %, as a claim would have.
    return (found?.lower ?? 0) > 0.02;
  }

  test("on a machine whose speed wanders, equal targets differ when run in sequence and never interleaved; 10 % is found", () => {
    const runs = Array.from({ length: 20 }, (_, i) => `run ${i}`);
    const count = (order: "sequential" | "interleaved", effect: number): number =>
      runs.filter((seed) => regression(order, effect, seed)).length;
    expect(count("sequential", 0)).toBeGreaterThanOrEqual(4);
    expect(count("interleaved", 0)).toBe(0);
    expect(count("interleaved", 0.1)).toBeGreaterThanOrEqual(18);
  });
});
