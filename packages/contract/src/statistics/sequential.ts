/** `mode: sequential`: Wald's test of 1 - target against 0.4 (1 - target), both errors 1 - confidence. */
import { provesFailure, samplesNeeded } from "./sampling.ts";

/** The better of the two shares of bad that are compared, as a share of the worse. */
const betterShare = 0.4;
/** A sequential sample ends undecided at this many times the clean samples of a fixed one. */
const capTimes = 4;

/** `[n, bad]` in the order they came; what is in one group has no order. */
export type Group = readonly [n: number, bad: number];

/** Where a sequence of samples decided, and what. */
export interface SequentialEnd {
  /** `unproven`: the ratio of likelihoods speaks for a failure, the samples do not prove one. */
  readonly decision: "passed" | "failed" | "unproven" | "open";
  /** Samples up to where it decided; all of them while it is open. */
  readonly n: number;
  readonly bad: number;
  /** It ended at the cap without a decision. */
  readonly isCapped: boolean;
}

interface Weights {
  readonly clean: number;
  readonly bad: number;
  readonly edge: number;
}

function weightsOf(target: number, confidence: number): Weights {
  const worse = 1 - target;
  const better = betterShare * worse;
  return {
    clean: Math.log((1 - better) / (1 - worse)),
    bad: Math.log(better / worse),
    edge: Math.log(confidence / (1 - confidence)),
  };
}

const isBetween = (target: number): boolean => target > 0 && target < 1;

/** Clean samples after which it passes; null when no number does (target 0 or 1). */
export function sequentialClean(target: number, confidence: number): number | null {
  if (!isBetween(target)) return null;
  const { clean, edge } = weightsOf(target, confidence);
  return Math.ceil(edge / clean);
}

/** Bad samples in a row, from the start, after which it fails; null as above. */
export function sequentialBad(target: number, confidence: number): number | null {
  if (!isBetween(target)) return null;
  const { bad, edge } = weightsOf(target, confidence);
  return Math.ceil(edge / -bad);
}

/** Samples at which it ends undecided; null as above. */
export function sequentialCap(target: number, confidence: number): number | null {
  const least = isBetween(target) ? samplesNeeded(0, target, confidence) : null;
  return least === null ? null : capTimes * least;
}

/** Half of the error, as the samples themselves choose how many of them are looked at. */
const failureConfidence = (confidence: number): number => 1 - (1 - confidence) / 2;

/**
 * Looks at the ratio of likelihoods at the end of every group and keeps the first decision. `open`
 * samples have no value: they count as bad for a pass and not at all for a failure. The ratio tells
 * the target from one far better, not from one a little better: a failure has to be proven as well.
 */
export function decideSequential(
  groups: readonly Group[],
  o: { readonly target: number; readonly confidence: number; readonly open?: number },
): SequentialEnd {
  const { target, confidence, open = 0 } = o;
  const cap = sequentialCap(target, confidence);
  let [n, bad] = [0, 0];
  if (cap !== null) {
    const weights = weightsOf(target, confidence);
    for (const [count, worse] of groups) {
      n += count;
      bad += worse;
      if (n > cap) break;
      const ratio = (k: number): number => (n - k) * weights.clean + k * weights.bad;
      if (ratio(bad) <= -weights.edge) {
        const isProven = provesFailure(bad, n, target, failureConfidence(confidence));
        return { decision: isProven ? "failed" : "unproven", n, bad, isCapped: false };
      }
      if (ratio(Math.min(n, bad + open)) >= weights.edge) {
        return { decision: "passed", n, bad, isCapped: false };
      }
    }
  }
  n = groups.reduce((sum, [count]) => sum + count, 0);
  bad = groups.reduce((sum, [, worse]) => sum + worse, 0);
  return { decision: "open", n, bad, isCapped: cap !== null && n >= cap };
}
