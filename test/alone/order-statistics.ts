import { upperRank } from "../../packages/contract/src/statistics/sampling.ts";

const confidence = 0.95;

/** What a round shows: a figure that lies between two bounds, and why the machine may have made it. */
export interface Bounded {
  readonly lower: number;
  readonly upper: number;
  readonly excuse: string | null;
}

/**
 * Whether no other round is needed: the figure keeps to `max`, or is over it and nothing excuses
 * that. No later round takes the place of one that is over without an excuse.
 */
export const isDecided = ({ lower, upper, excuse }: Bounded, max: number): boolean =>
  upper <= max || (excuse === null && lower > max);

/** Two of the values, between which the 99th percentile lies, each at 95 %; from 299 values on. */
export function p99Bounds(ms: readonly number[]): { lower: number; upper: number } {
  const sorted = ms.toSorted((a, b) => a - b);
  const up = upperRank(ms.length, 0.99, confidence) ?? ms.length;
  const down = ms.length + 1 - (upperRank(ms.length, 0.01, confidence) ?? ms.length);
  return {
    upper: sorted[up - 1] ?? Number.POSITIVE_INFINITY,
    lower: sorted[Math.max(0, down - 1)] ?? 0,
  };
}
