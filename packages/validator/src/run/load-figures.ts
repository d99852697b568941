import type { SampleTally } from "@loadline/contract";
import type { FigureRule, LimitFigures } from "../load/index.ts";

export type FiguredTally = SampleTally & LimitFigures;

/** What a run's figure came to. */
export interface SeenFigure {
  readonly value: number;
  /** Requests it stands on. */
  readonly n: number;
  /** The least and the most it can be, where some values are not known. */
  readonly range?: readonly [least: number, most: number];
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

type Trend = Pick<SeenFigure, "value" | "range">;

/**
 * Bad outcomes enter at the total timeout: a target that fails fast is not fast. A value that is
 * not known may be anything up to it.
 */
function trendOf(
  rule: FigureRule,
  tallies: readonly FiguredTally[],
  timeoutMs: number,
): Trend | null {
  const open = tallies.reduce((sum, one) => sum + one.undefined, 0);
  const within = (value: number, least: number, most: number): Trend =>
    open === 0 ? { value } : { value, range: [least, most] };
  const failed = tallies.reduce((sum, one) => sum + failedOf(one), 0);
  const values = tallies.reduce((sum, one) => sum + (one.figures?.values ?? 0), 0);
  const sumMs = tallies.reduce((sum, one) => sum + (one.figures?.sumMs ?? 0), 0);
  if (values + failed === 0) return null;
  const [only] = tallies;
  switch (rule.aggregation) {
    case "avg": {
      const sum = sumMs + failed * timeoutMs;
      const n = values + failed + open;
      return within(sum / (values + failed), sum / n, (sum + open * timeoutMs) / n);
    }
    case "min": {
      const least = tallies.map((one) => one.figures?.minMs ?? Infinity);
      const value = Math.min(...least, failed > 0 ? timeoutMs : Infinity);
      return within(value, 0, value);
    }
    case "max": {
      const largest = Math.max(...tallies.map((one) => one.maxMs ?? 0));
      const value = failed > 0 ? Math.max(timeoutMs, largest) : largest;
      return within(value, value, Math.max(timeoutMs, value));
    }
    default: {
      // A rank of one scenario; of several there is no exact one.
      const value = tallies.length === 1 ? only?.observedMs : undefined;
      return value === undefined ? null : within(value, 0, timeoutMs);
    }
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
    const trend = trendOf(rule, tallies, o.timeoutMs);
    return trend === null ? null : { ...trend, n };
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
    const isAbove = rule.operator.startsWith(">") && tally.undefined > 0;
    if (rule.of === "trend") addTimes(tally, isAbove ? 0 : timeoutMs, slices);
    else addCounts(tally, rule, slices);
  }
  return Array.from(slices, (slice) => slice ?? [0, 0]).filter(([weight]) => weight > 0);
}

function addTimes(tally: FiguredTally, restMs: number, slices: Slices): void {
  const sums = tally.figures?.sums ?? [];
  tally.slices.forEach(([n], index) => {
    const [values, sumMs] = sums[index] ?? [0, 0];
    // What failed and what is not known: of the latter the value that speaks against the claim.
    const rest = n - values;
    const into = (slices[index] ??= [0, 0]);
    into[0] += n;
    into[1] += sumMs + rest * restMs;
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
