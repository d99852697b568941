import { binomialAtLeast, binomialAtMost } from "./binomial.ts";

/** More bad events than this are never planned for. */
export const badPlannedMax = 2_000;
const samplesMax = 1e12;

/** k bad of n proves success >= target: P(Bin(n, 1-target) <= k) <= 1 - confidence. */
export function provesSuccess(k: number, n: number, target: number, confidence: number): boolean {
  return binomialAtMost(k, n, 1 - target) <= 1 - confidence;
}

/** k bad of n proves success < target: P(Bin(n, 1-target) >= k) <= 1 - confidence. */
export function provesFailure(k: number, n: number, target: number, confidence: number): boolean {
  return k > 0 && binomialAtLeast(k, n, 1 - target) <= 1 - confidence;
}

/** Least n at which k bad still proves success >= target; null when none does (target 1). */
export function samplesNeeded(k: number, target: number, confidence: number): number | null {
  if (!(target > 0 && target < 1)) return target <= 0 ? k + 1 : null;
  let high = k + 1;
  while (!provesSuccess(k, high, target, confidence)) {
    high *= 2;
    if (high > samplesMax) return null;
  }
  let low = k;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (provesSuccess(k, middle, target, confidence)) high = middle;
    else low = middle;
  }
  return high;
}

/** Most bad events with which n samples still pass; null when not even a clean sample does. */
export function badAllowed(n: number, target: number, confidence: number): number | null {
  if (!provesSuccess(0, n, target, confidence)) return null;
  let low = 0;
  let high = n + 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (middle < n && provesSuccess(middle, n, target, confidence)) low = middle;
    else high = middle;
  }
  return low;
}

/** Fewest bad events with which n samples fail; null when not even n of n do. */
export function badRefuted(n: number, target: number, confidence: number): number | null {
  if (!provesFailure(n, n, target, confidence)) return null;
  let low = 0;
  let high = n;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (provesFailure(middle, n, target, confidence)) high = middle;
    else low = middle;
  }
  return high;
}

export interface PowerPlan {
  readonly n: number;
  readonly badAllowed: number;
  readonly power: number;
}

/** First n of the saw-tooth whose chance of proving the target at `trueBad` reaches `power`. */
export function samplesForPower(
  trueBad: number,
  target: number,
  confidence: number,
  power = 0.8,
): PowerPlan | null {
  if (!(trueBad < 1 - target)) return null;
  for (let k = 0; k <= badPlannedMax; k++) {
    const n = samplesNeeded(k, target, confidence);
    if (n === null) return null;
    const chance = binomialAtMost(k, n, trueBad);
    if (chance >= power) return { n, badAllowed: k, power: chance };
  }
  return null;
}

/** Rank (1-based) of the order statistic that bounds the quantile from above; null: n too small. */
export function upperRank(n: number, quantile: number, confidence: number): number | null {
  const over = badAllowed(n, quantile, confidence);
  return over === null ? null : n - over;
}

/** Clean time that excludes unavailability of 1 - target in episodes of `episodeMs`, in ms. */
export function cleanTimeNeededMs(episodeMs: number, target: number, confidence = 0.95): number {
  return (-Math.log(1 - confidence) * episodeMs) / (1 - target);
}

/** Unavailability ratio a clean run of `cleanMs` cannot exclude for episodes of `episodeMs`. */
export function unavailabilityNotExcluded(episodeMs: number, cleanMs: number): number {
  return cleanMs <= 0 ? 1 : Math.min(1, (3 * episodeMs) / cleanMs);
}
