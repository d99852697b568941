import { expect, test } from "vitest";
import { binomialAtLeast, binomialAtMost, binomialPmf } from "./binomial.ts";
import { provesSuccess, samplesNeeded } from "./sampling.ts";

/** Exact P(Bin(n, a/b) <= k) by whole numbers, to 30 digits. */
function exactAtMost(k: number, n: number, a: bigint, b: bigint): number {
  let sum = 0n;
  let choose = 1n;
  for (let i = 0; i <= k; i++) {
    sum += choose * a ** BigInt(i) * (b - a) ** BigInt(n - i);
    choose = (choose * BigInt(n - i)) / BigInt(i + 1);
  }
  const scale = 10n ** 400n;
  const digits = ((sum * scale) / b ** BigInt(n)).toString();
  return Number(`${digits.slice(0, 1)}.${digits.slice(1, 30)}e${digits.length - 1 - 400}`);
}

test("tails agree with whole-number arithmetic to 1e-9", () => {
  const cases: [number, number, bigint, bigint][] = [
    [0, 10, 1n, 2n],
    [3, 20, 1n, 10n],
    [7, 598, 5n, 1_000n],
    [20, 1_000, 1n, 1_00n],
    [0, 1_000, 1n, 1_000n],
    [450, 1_000, 1n, 2n],
    [300, 1_000, 1n, 2n],
    [100, 1_000, 1n, 2n],
    [15, 2_000, 1n, 200n],
  ];
  for (const [k, n, a, b] of cases) {
    const exact = exactAtMost(k, n, a, b);
    const p = Number(a) / Number(b);
    expect(Math.abs(binomialAtMost(k, n, p) / exact - 1), `${k} of ${n}`).toBeLessThan(1e-9);
    const rest = exactAtMost(n - k, n, b - a, b);
    expect(Math.abs(binomialAtLeast(k, n, p) / rest - 1), `${k} of ${n}`).toBeLessThan(1e-9);
  }
});

test("at n = 1e9 the tail of rare events agrees with its few terms to 1e-9", () => {
  const n = 1e9;
  const p = 5 / n;
  let [exact, term] = [0, 1];
  for (let i = 0; i <= 3; i++) {
    exact += term * Math.exp((n - i) * Math.log1p(-p));
    term *= ((n - i) * p) / (i + 1);
  }
  expect(Math.abs(binomialAtMost(3, n, p) / exact - 1)).toBeLessThan(1e-9);
});

test("at n = 1e9 the two tails meet: P(<= k) + P(>= k+1) = 1, and P(k) is their step", () => {
  const [n, p] = [1e9, 0.005];
  for (const k of [4_990_000, 4_999_000, 5_000_000, 5_004_000]) {
    const [low, high] = [binomialAtMost(k, n, p), binomialAtLeast(k + 1, n, p)];
    expect(Math.abs(low + high - 1)).toBeLessThan(1e-9);
    const step = low - binomialAtMost(k - 1, n, p);
    expect(Math.abs(step - binomialPmf(k, n, p))).toBeLessThan(1e-10);
  }
});

test("probabilities at the edges are exact", () => {
  expect(binomialAtMost(-1, 5, 0.5)).toBe(0);
  expect(binomialAtMost(5, 5, 0.5)).toBe(1);
  expect(binomialAtLeast(0, 5, 0.5)).toBe(1);
  expect(binomialAtLeast(6, 5, 0.5)).toBe(0);
  expect([0, 1].map((p) => binomialPmf(0, 3, p))).toEqual([1, 0]);
  expect([0, 1].map((p) => binomialPmf(3, 3, p))).toEqual([0, 1]);
});

test("a false claim at its limit passes in at most 5 % of runs, for every listed target and n", () => {
  for (const target of [0.5, 0.9, 0.95, 0.99, 0.995, 0.999]) {
    for (const n of [100, 299, 598, 1_000]) {
      let chance = 0;
      for (let k = 0; k <= n; k++) {
        if (!provesSuccess(k, n, target, 0.95)) break;
        chance += binomialPmf(k, n, 1 - target);
      }
      expect(chance, `${target} at ${n}`).toBeLessThanOrEqual(0.05);
    }
  }
});

test("the naive rule passes 44.5 % of runs at a true error of 0.6 %, the exact rule 1.7 %", () => {
  expect(binomialAtMost(5, 1_000, 0.006)).toBeCloseTo(0.445, 3);
  expect(binomialAtMost(1, 1_000, 0.006)).toBeCloseTo(0.017, 3);
});

test("a target of 1 is never provable and one of 0 at once", () => {
  expect(samplesNeeded(0, 1, 0.95)).toBeNull();
  expect(samplesNeeded(2, 0, 0.95)).toBe(3);
});
