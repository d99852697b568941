import type { SampleTally } from "@loadline/contract";
import type { FigureRule, LimitFigures } from "../load/index.ts";

export type FiguredTally = SampleTally & LimitFigures;

/** What a run's figure came to. */
export interface SeenFigure {
  readonly value: number;
  /** Requests it stands on. */
  readonly n: number;
}

/** Count of the account a counter means. */
function countOf(tallies: readonly FiguredTally[], rule: FigureRule): number {
  const { counter, outcome } = rule;
  return tallies.reduce((sum, tally) => {
    if (outcome !== undefined) return sum + (tally.badBy[outcome] ?? 0);
    // A bad event is one; the others say how many.
    if (counter === "events") return sum + tally.bad + Math.round(tally.figures?.sumMs ?? 0);
    if (counter === "dropped") return sum + (tally.badBy["dropped"] ?? 0);
    if (counter === "ok") return sum + tally.n - tally.bad;
    return sum + (counter === "bad" ? tally.bad : tally.n);
  }, 0);
}

/** Bad outcomes enter at the total timeout: a target that fails fast is not fast. */
function trendOf(
  rule: FigureRule,
  tallies: readonly FiguredTally[],
  timeoutMs: number,
): number | null {
  const failed = tallies.reduce((sum, one) => sum + failedOf(one), 0);
  const values = tallies.reduce((sum, one) => sum + (one.figures?.values ?? 0), 0);
  const sumMs = tallies.reduce((sum, one) => sum + (one.figures?.sumMs ?? 0), 0);
  if (values + failed === 0) return null;
  const [only] = tallies;
  switch (rule.aggregation) {
    case "avg":
      return (sumMs + failed * timeoutMs) / (values + failed);
    case "min": {
      const least = tallies.map((one) => one.figures?.minMs ?? Infinity);
      return Math.min(...least, failed > 0 ? timeoutMs : Infinity);
    }
    case "max":
      return failed > 0 ? timeoutMs : Math.max(...tallies.map((one) => one.maxMs ?? 0));
    default:
      // A rank of one scenario; of several there is no exact one.
      return tallies.length === 1 ? (only?.observedMs ?? null) : null;
  }
}

/** Requests without a good outcome: not merely over the limit the tally was counted against. */
function failedOf(tally: FiguredTally): number {
  const byValue = (tally.badBy["over_limit"] ?? 0) + (tally.badBy["under_limit"] ?? 0);
  return tally.bad - byValue;
}

/** The figure of a run, or null when nothing was measured. */
export function figureOf(
  rule: FigureRule,
  tallies: readonly FiguredTally[],
  o: { readonly timeoutMs: number; readonly measuredMs: number; readonly due: number },
): SeenFigure | null {
  // Events are told only when they happen: none told of requests that fell due is none.
  const told = tallies.reduce((sum, one) => sum + one.n, 0);
  const n = rule.counter === "events" ? o.due : told;
  if (n === 0) return null;
  if (rule.of === "trend") {
    const value = trendOf(rule, tallies, o.timeoutMs);
    return value === null ? null : { value, n };
  }
  const count = countOf(tallies, rule);
  if (rule.of === "count") return { value: count, n };
  if (rule.of === "ratio") return { value: count / n, n };
  return o.measuredMs > 0 ? { value: (count / o.measuredMs) * 1_000, n } : null;
}

type Slices = [number, number][];

/** Slices for a `mean`: values and their sum, or seconds and events; empty ones are left out. */
export function meanSlices(
  rule: FigureRule,
  tallies: readonly FiguredTally[],
  timeoutMs: number,
): Slices {
  const slices: Slices = [];
  for (const tally of tallies) {
    if (rule.of === "trend") addTimes(tally, timeoutMs, slices);
    else addCounts(tally, rule, slices);
  }
  return Array.from(slices, (slice) => slice ?? [0, 0]).filter(([weight]) => weight > 0);
}

function addTimes(tally: FiguredTally, timeoutMs: number, slices: Slices): void {
  const sums = tally.figures?.sums ?? [];
  tally.slices.forEach(([n], index) => {
    const [values, sumMs] = sums[index] ?? [0, 0];
    // With undefined values in the sample the rest of a slice may be those: it is left out.
    const failed = tally.undefined > 0 ? 0 : n - values;
    const into = (slices[index] ??= [0, 0]);
    into[0] += values + failed;
    into[1] += sumMs + failed * timeoutMs;
  });
}

function addCounts(tally: FiguredTally, rule: FigureRule, slices: Slices): void {
  const counted = (n: number, bad: number): number => {
    if (rule.counter === "ok") return n - bad;
    return rule.counter === "bad" ? bad : n;
  };
  const first = tally.slices.findIndex(([n]) => n > 0);
  tally.slices.forEach(([n, bad], index) => {
    // The window begins with the first measured request; a second without any is 0, not absent.
    if (first < 0 || index < first) return;
    const into = (slices[index] ??= [0, 0]);
    into[0] = tally.sliceMs / 1_000;
    into[1] += counted(n, bad);
  });
}
