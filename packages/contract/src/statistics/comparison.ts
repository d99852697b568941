import { binomialAtMost } from "./binomial.ts";

/** Paired comparison by the Hodges-Lehmann estimate: the middle of all averages of two differences. */

/** More pairs are refused: their averages would not fit into memory. */
export const pairsMax = 2_000;

/** Pairs a comparison needs unless it says otherwise. */
export const pairsDefault = 100;

export interface ShiftInterval {
  /** Median of the Walsh averages. */
  readonly shift: number;
  /** One-sided at the confidence, each; null: too few pairs for that confidence. */
  readonly lower: number | null;
  readonly upper: number | null;
}

/** From here on the normal approximation of the signed-rank sum is used. */
const exactPairsMax = 50;

/** Largest w with P(W+ <= w) <= a under no shift; -1 when there is none. */
export function signedRankCritical(n: number, a: number): number {
  if (n > exactPairsMax) return approximateCritical(n, a);
  // Number of subsets of 1..n by their sum.
  const ways = new Float64Array((n * (n + 1)) / 2 + 1);
  ways[0] = 1;
  for (let rank = 1; rank <= n; rank++) {
    for (let sum = ways.length - 1; sum >= rank; sum--) {
      ways[sum] = (ways[sum] ?? 0) + (ways[sum - rank] ?? 0);
    }
  }
  const all = 2 ** n;
  let below = 0;
  for (let sum = 0; sum < ways.length; sum++) {
    below += (ways[sum] ?? 0) / all;
    if (below > a) return sum - 1;
  }
  return ways.length - 1;
}

function approximateCritical(n: number, a: number): number {
  const mean = (n * (n + 1)) / 4;
  const spread = Math.sqrt((n * (n + 1) * (2 * n + 1)) / 24);
  return Math.floor(mean - normalQuantile(1 - a) * spread - 0.5);
}

/** Quantile of the standard normal for p in 0.5..1, by bisection on its tail. */
export function normalQuantile(p: number): number {
  let [low, high] = [0, 10];
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (normalTail(middle) > 1 - p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(Z > z) by the continued fraction from 2 on, by the series below; relative error < 1e-12. */
function normalTail(z: number): number {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 2) {
    let [term, sum] = [z, z];
    for (let k = 1; k < 60; k++) {
      term *= (z * z) / (2 * k + 1);
      sum += term;
    }
    return 0.5 - density * sum;
  }
  let fraction = z;
  for (let k = 120; k >= 1; k--) fraction = z + k / fraction;
  return density / fraction;
}

/** Averages of every two differences, each with itself too, ascending. */
function walshAverages(differences: readonly number[]): Float64Array {
  const n = differences.length;
  const all = new Float64Array((n * (n + 1)) / 2);
  let at = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) all[at++] = ((differences[i] ?? 0) + (differences[j] ?? 0)) / 2;
  }
  return all.sort();
}

/** Hodges-Lehmann shift of paired differences with exact signed-rank bounds; null for none. */
export function hodgesLehmann(differences: readonly number[], c: number): ShiftInterval | null {
  if (differences.length === 0 || differences.length > pairsMax) return null;
  const walsh = walshAverages(differences);
  const m = walsh.length;
  const middle = ((walsh[(m - 1) >> 1] ?? 0) + (walsh[m >> 1] ?? 0)) / 2;
  const cut = signedRankCritical(differences.length, 1 - c);
  if (cut < 0) return { shift: middle, lower: null, upper: null };
  return { shift: middle, lower: walsh[cut] ?? null, upper: walsh[m - 1 - cut] ?? null };
}

/**
 * Samples in all that find P(X > Y) = `chance` one-sided with power 80 % (Noether); equal halves.
 * Null where there is nothing to find.
 */
export function comparisonSamples(chance: number, c = 0.95, power = 0.8): number | null {
  if (!(chance > 0.5 && chance < 1)) return null;
  const z = normalQuantile(c) + normalQuantile(power);
  return Math.ceil((z * z) / (3 * (chance - 0.5) ** 2));
}

/** Fewest pairs whose bounds exist at a confidence: all on one side must be rarer than 1 - c. */
export function pairsNeeded(c: number): number {
  let n = 1;
  while (binomialAtMost(0, n, 0.5) > 1 - c) n++;
  return n;
}
