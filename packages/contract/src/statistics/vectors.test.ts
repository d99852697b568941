import { describe, expect, test } from "vitest";
import { binomialAtMost, binomialPmf } from "./binomial.ts";
import { lowerBound, upperBound, wilson } from "./bounds.ts";
import {
  badAllowed,
  badRefuted,
  cleanTimeNeededMs,
  samplesForPower,
  samplesNeeded,
  unavailabilityNotExcluded,
  upperRank,
} from "./sampling.ts";

const bads = [0, 1, 2, 3, 5, 10] as const;
const sizes = [100, 299, 598, 1_000, 3_000, 10_000] as const;
type Cell = readonly [number | null, number | null];
const rows: readonly (readonly [number, readonly number[], number, readonly Cell[]])[] = [
  [
    0.5,
    [5, 8, 11, 13, 18, 30],
    7,
    [
      [41, 59],
      [134, 165],
      [278, 320],
      [473, 527],
      [1454, 1546],
      [4917, 5083],
    ],
  ],
  [
    0.9,
    [29, 46, 61, 76, 103, 167],
    44,
    [
      [4, 16],
      [21, 40],
      [47, 73],
      [84, 117],
      [272, 328],
      [950, 1051],
    ],
  ],
  [
    0.95,
    [59, 93, 124, 153, 208, 336],
    90,
    [
      [1, 10],
      [8, 22],
      [20, 40],
      [38, 63],
      [130, 171],
      [463, 537],
    ],
  ],
  [
    0.99,
    [299, 473, 628, 773, 1049, 1693],
    459,
    [
      [null, 4],
      [0, 7],
      [1, 11],
      [4, 16],
      [20, 40],
      [83, 118],
    ],
  ],
  [
    0.995,
    [598, 947, 1258, 1549, 2100, 3389],
    919,
    [
      [null, 3],
      [null, 5],
      [0, 7],
      [1, 10],
      [8, 23],
      [38, 63],
    ],
  ],
  [
    0.999,
    [2995, 4742, 6294, 7752, 10511, 16959],
    4603,
    [
      [null, 2],
      [null, 2],
      [null, 3],
      [null, 4],
      [0, 7],
      [4, 16],
    ],
  ],
  [
    0.9999,
    [29956, 47437, 62956, 77535, 105128, 169619],
    46050,
    [
      [null, 1],
      [null, 1],
      [null, 2],
      [null, 2],
      [null, 2],
      [null, 4],
    ],
  ],
];

for (const [target, needed, strict, cells] of rows) {
  test(`vector A: a ${target} claim needs ${needed.join(", ")} samples with ${bads.join(", ")} bad`, () => {
    expect(bads.map((k) => samplesNeeded(k, target, 0.95))).toEqual(needed);
    expect(samplesNeeded(0, target, 0.99)).toBe(strict);
  });
  test(`vector B: a ${target} claim passes and fails at the listed counts`, () => {
    const seen = sizes.map((n) => [badAllowed(n, target, 0.95), badRefuted(n, target, 0.95)]);
    expect(seen).toEqual(cells);
  });
}

test("vector C: one-sided bounds of k bad of n", () => {
  const list: [number, number, number, number][] = [
    [0, 59, 0, 0.049508],
    [1, 93, 0.000551, 0.049994],
    [3, 598, 0.001369, 0.012915],
    [5, 1_000, 0.001972, 0.010484],
    [38, 10_000, 0.002847, 0.004978],
  ];
  for (const [k, n, lower, upper] of list) {
    expect(lowerBound(k, n, 0.95)).toBeCloseTo(lower, 6);
    expect(upperBound(k, n, 0.95)).toBeCloseTo(upper, 6);
  }
  expect(upperBound(7, 7, 0.95)).toBe(1);
});

test("vector D: rank of the order statistic that bounds p99 and p95", () => {
  const p99 = [298, 299, 473, 1_000, 3_000, 10_000].map((n) => upperRank(n, 0.99, 0.95));
  expect(p99).toEqual([null, 299, 472, 996, 2_980, 9_917]);
  expect([59, 93].map((n) => upperRank(n, 0.95, 0.95))).toEqual([59, 92]);
});

test("vector E: n and bad allowed for 80 % power at 99.5 %", () => {
  const seen = [0.0005, 0.001, 0.002, 0.003, 0.004].map((p) => {
    const plan = samplesForPower(p, 0.995, 0.95);
    return [plan?.n, plan?.badAllowed];
  });
  expect(seen).toEqual([
    [947, 1],
    [1_258, 2],
    [2_366, 6],
    [6_279, 22],
    [28_134, 121],
  ]);
  expect(samplesForPower(0.005, 0.995, 0.95)).toBeNull();
});

test("vector F: clean trials bound the success ratio from below", () => {
  const list: [number, number][] = [
    [1, 5],
    [3, 36.8],
    [5, 54.9],
    [10, 74.1],
    [12, 77.9],
    [29, 90.2],
  ];
  for (const [n, percent] of list) {
    expect(100 * (1 - upperBound(0, n, 0.95))).toBeCloseTo(percent, 1);
  }
  expect(100 * (1 - upperBound(0, 59, 0.95))).toBeCloseTo(95.05, 2);
});

test("vector F: the largest of n values bounds the median and p95", () => {
  expect(1 - 0.5 ** 5).toBeCloseTo(0.969, 3);
  expect(upperRank(5, 0.5, 0.96)).toBe(5);
  expect(upperRank(5, 0.5, 0.97)).toBeNull();
  expect(upperRank(59, 0.95, 0.9515)).toBe(59);
  expect(upperRank(59, 0.95, 0.9516)).toBeNull();
});

test("vector G: clean minutes needed, and what a clean run cannot exclude", () => {
  expect(cleanTimeNeededMs(5_000, 0.995) / 60_000).toBeCloseTo(49.9, 1);
  expect(cleanTimeNeededMs(30_000, 0.995) / 3_600_000).toBeCloseTo(4.99, 2);
  expect(cleanTimeNeededMs(60_000, 0.995) / 3_600_000).toBeCloseTo(9.99, 2);
  expect(cleanTimeNeededMs(5_000, 0.999) / cleanTimeNeededMs(5_000, 0.995)).toBeCloseTo(5, 9);
  expect(unavailabilityNotExcluded(30_000, 600_000)).toBe(0.15);
});

test("vector I: Wilson intervals", () => {
  const list: [number, number, number, number][] = [
    [10, 10, 0.7225, 1],
    [3, 6, 0.1876, 0.8124],
    [18, 20, 0.699, 0.9721],
    [59, 59, 0.9389, 1],
  ];
  for (const [k, n, lower, upper] of list) {
    expect(wilson(k, n).lower).toBeCloseTo(lower, 4);
    expect(wilson(k, n).upper).toBeCloseTo(upper, 4);
  }
});

describe("a false claim passes at most one time in twenty", () => {
  /** How often a run of n passes when the target is exactly, or more than, as bad as it may be. */
  const passes = (n: number, target: number, trueError: number): number => {
    const most = badAllowed(n, target, 0.95);
    return most === null ? 0 : binomialAtMost(most, n, trueError);
  };

  test("exactly summed at the limit of every row of A and B, at every n beside the listed ones", () => {
    for (const [target, needed] of rows) {
      const near = [...sizes, ...needed].flatMap((n) => [n - 1, n, n + 1, n + 17]);
      for (const n of near)
        expect(passes(n, target, 1 - target), `${target} ${n}`).toBeLessThanOrEqual(0.05);
    }
  });

  test("and a true claim is called failed no more often", () => {
    for (const [target] of rows) {
      for (const n of sizes) {
        const least = badRefuted(n, target, 0.95);
        const failed = least === null ? 0 : 1 - binomialAtMost(least - 1, n, 1 - target);
        expect(failed, `${target} ${n}`).toBeLessThanOrEqual(0.05 + 1e-9);
      }
    }
  });

  test("where the rule of the observed share passes 44.5 % of runs, this one passes 1.7 %", () => {
    // 1,000 samples, the limit 0.5 %, the truth 0.6 %: at most 5 bad look like a pass.
    let naive = 0;
    for (let k = 0; k <= 5; k++) naive += binomialPmf(k, 1_000, 0.006);
    expect(100 * naive).toBeCloseTo(44.5, 1);
    expect(100 * passes(1_000, 0.995, 0.006)).toBeCloseTo(1.7, 1);
  });
});

test("vector J: rows to look at before one that is corrupt is met", () => {
  const shares = [0.05, 0.01, 0.001, 0.0001];
  expect(shares.map((share) => samplesNeeded(0, 1 - share, 0.95))).toEqual([
    59, 299, 2_995, 29_956,
  ]);
});
