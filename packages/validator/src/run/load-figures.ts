import type { SampleTally } from "@loadline/contract";
import type { FigureRule, LimitFigures } from "../load/index.ts";

export type FiguredTally = SampleTally & LimitFigures;

/** Longest wait for a whole answer unless the plan says, ms. */
export const totalTimeoutMs = 120_000;

/** What a run's figure came to. */
export interface SeenFigure {
  readonly value: number;
  /** Requests it stands on. */
  readonly n: number;
  /** The least and the most it can be, where some values are not known. */
  readonly range?: readonly [least: number, most: number];
}

/** Lost by the generator: the target might have had it. */
const lost = "generator";
/** Ended by the end of the run: sent or begun perhaps, and never at an end. */
const openOutcomes = ["unfinished", "cancelled"] as const;

const sumOf = (tally: FiguredTally, outcomes: readonly string[]): number =>
  outcomes.reduce((sum, outcome) => sum + (tally.badBy[outcome] ?? 0), 0);

/** The fewest and the most a counter can be of one tally. */
function countOf(tally: FiguredTally, { counter, outcome }: FigureRule): [number, number] {
  const exact = (count: number): [number, number] => [count, count];
  const upTo = (most: number, unsure: number): [number, number] => [most - unsure, most];
  if (outcome !== undefined) return exact(tally.badBy[outcome] ?? 0);
  switch (counter) {
    case "events":
      // A bad event is one; the others say how many.
      return exact(tally.bad + Math.round(tally.figures?.sumMs ?? 0));
    case "bytes":
      return exact(Math.round(tally.figures?.sumMs ?? 0));
    case "dropped":
      return exact(sumOf(tally, ["dropped"]));
    case "iterations":
      return upTo(tally.n - sumOf(tally, ["dropped", ...openOutcomes]), sumOf(tally, [lost]));
    case "sent":
      return upTo(tally.n - sumOf(tally, ["dropped"]), sumOf(tally, [lost, ...openOutcomes]));
    case "ok":
      return exact(tally.n - tally.bad);
    case "bad":
      return exact(tally.bad);
    default:
      return exact(tally.n);
  }
}

/**
 * Users: of one scenario its last; of several those at work at one look. A gauge of the plan's own:
 * every value it was given.
 */
function gaugeOf(rule: FigureRule, tallies: readonly FiguredTally[]): Trend | null {
  if (rule.counter !== "gauge") {
    const isOne = tallies.length === 1;
    const each = tallies.map(({ gauge, gaugeOfAll }) => (isOne ? gauge : gaugeOfAll) ?? null);
    if (each.length === 0 || each.includes(null)) return null;
    return { value: each.reduce<number>((sum, one) => sum + (one ?? 0), 0) };
  }
  const said = tallies.filter(({ figures }) => (figures?.values ?? 0) > 0);
  if (said.length === 0 || tallies.some((one) => one.undefined > 0 || failedOf(one) > 0))
    return null;
  const least = Math.min(...said.map(({ figures }) => figures?.minMs ?? Infinity));
  const most = Math.max(...said.map(({ maxMs }) => maxMs ?? -Infinity));
  return { value: rule.operator.startsWith("<") ? most : least, range: [least, most] };
}

type Trend = Pick<SeenFigure, "value" | "range">;

/** What a bad outcome counts as: it speaks against the limit, whichever side that is on. */
const failedMsOf = ({ operator }: FigureRule, timeoutMs: number): number =>
  operator.startsWith(">") ? 0 : timeoutMs;

/**
 * Bad outcomes enter at the total timeout: a target that fails fast is not fast. Where more is asked
 * for they enter at 0: one that is dead is not slow enough. A value that is not known may be
 * anything between the two.
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
  const failedMs = failedMsOf(rule, timeoutMs);
  switch (rule.aggregation) {
    case "avg": {
      const sum = sumMs + failed * failedMs;
      const n = values + failed + open;
      return within(sum / (values + failed), sum / n, (sum + open * timeoutMs) / n);
    }
    case "min": {
      const least = tallies.map((one) => one.figures?.minMs ?? Infinity);
      const value = Math.min(...least, failed > 0 ? failedMs : Infinity);
      return within(value, 0, value);
    }
    case "max": {
      const largest = Math.max(...tallies.map((one) => one.maxMs ?? 0));
      const value = failed > 0 ? Math.max(failedMs, largest) : largest;
      return within(value, value, Math.max(timeoutMs, value));
    }
    default: {
      // A rank of one scenario; of several there is no exact one.
      const value = tallies.length === 1 ? only?.observedMs : undefined;
      if (value === undefined) return null;
      return failed > 0 && failedMs === 0
        ? { value, range: [0, value] }
        : within(value, 0, timeoutMs);
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
  const counted = isGauge(rule) ? gaugeOf(rule, tallies) : countedOf(rule, tallies, { ...o, n });
  return counted === null ? null : { ...counted, n };
}

/** Whether more time would have added to it. */
const growsWithTime = (rule: FigureRule): boolean => rule.of === "count" && !isGauge(rule);

/**
 * A range of a gauge is of values that were all told; that of a count, of what nobody knows: also
 * how many more of them a run had seen that was not cut.
 */
export const isUnsureCount = (rule: FigureRule, { range }: SeenFigure, isCut = false): boolean =>
  (range !== undefined && rule.of !== "trend" && rule.counter !== "gauge") ||
  (isCut && growsWithTime(rule));

/** What is held to the limit: both ends, and of a count the limit itself where it lies between. */
export function heldValues(rule: FigureRule, seen: SeenFigure, isCut = false): readonly number[] {
  const [least, known] = seen.range ?? [seen.value, seen.value];
  const most = isCut && growsWithTime(rule) ? Number.POSITIVE_INFINITY : known;
  const { value } = rule.limit;
  const isBetween = isUnsureCount(rule, seen, isCut) && least < value && value < most;
  return isBetween ? [least, value, most] : [least, most];
}

/**
 * How many requests did not tell what is added up: bytes of a client whose sockets nobody listens
 * to, tokens of an answer without usage. A sum without theirs is too small.
 */
export function untoldOf({ counter }: FigureRule, tallies: readonly FiguredTally[]): number {
  if (counter !== "bytes" && counter !== "events") return 0;
  return tallies.reduce((sum, one) => sum + one.undefined, 0);
}

const isGauge = ({ counter }: FigureRule): boolean =>
  counter === "gauge" || counter === "vus" || counter === "vus_max";

/** Counts of all tallies, as they are, per second or as a share of n. */
function countedOf(
  rule: FigureRule,
  tallies: readonly FiguredTally[],
  { measuredMs, n }: { readonly measuredMs: number; readonly n: number },
): Trend | null {
  if (rule.of === "per_second" && measuredMs <= 0) return null;
  if (untoldOf(rule, tallies) > 0) return null;
  // Divided, never multiplied by a quotient: 49 of 49 is 1.
  const of = rule.of === "ratio" ? n : rule.of === "per_second" ? measuredMs / 1_000 : 1;
  const [least, most] = tallies
    .map((tally) => countOf(tally, rule))
    .reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
  return { value: least / of, ...(most > least && { range: [least / of, most / of] }) };
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
    if (rule.of === "trend") addTimes(tally, failedMsOf(rule, timeoutMs), slices);
    else addCounts(tally, rule, slices);
  }
  return Array.from(slices, (slice) => slice ?? [0, 0]).filter(([weight]) => weight > 0);
}

function addTimes(tally: FiguredTally, restMs: number, slices: Slices): void {
  const sums = tally.figures?.sums ?? [];
  tally.slices.forEach(([n], index) => {
    const [values, sumMs] = sums[index] ?? [0, 0];
    // What failed and what is not known: the value that speaks against the claim.
    const rest = n - values;
    const into = (slices[index] ??= [0, 0]);
    into[0] += n;
    into[1] += sumMs + rest * restMs;
  });
}

function addCounts(tally: FiguredTally, rule: FigureRule, slices: Slices): void {
  const sums = tally.figures?.sums ?? [];
  const counted = (n: number, bad: number, index: number): number => {
    if (rule.counter === "ok") return n - bad;
    // A bad event is one; the others say how many.
    if (rule.counter === "events") return bad + (sums[index]?.[1] ?? 0);
    return rule.counter === "bad" ? bad : n;
  };
  const first = tally.slices.findIndex(([n]) => n > 0);
  tally.slices.forEach(([n, bad], index) => {
    // The window begins with the first measured request; a second without any is 0, not absent.
    if (first < 0 || index < first) return;
    const into = (slices[index] ??= [0, 0]);
    into[0] = tally.sliceMs / 1_000;
    into[1] += counted(n, bad, index);
  });
}

/** The counts a figure was made of, without their slices: those of a long run fill a record. */
export function counts(tallies: readonly FiguredTally[]): object[] {
  return tallies.map(({ n, bad, undefined: open, badBy, observedMs, maxMs, figures, gauge }) => {
    const { values, sumMs, minMs } = figures ?? {};
    const all = { n, bad, undefined: open, badBy, observedMs, maxMs, values, sumMs, minMs, gauge };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  });
}
