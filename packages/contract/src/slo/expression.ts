/** Expressions of Prometheus over the series that an SLI names. */
import type { Slo } from "./model.ts";
import { extendSelector } from "./selector.ts";

/** What an SLO is watched by, or null where it names too few series. */
export interface Expressions {
  /** Share of bad events in a window; no sample without traffic. */
  readonly errorShare: (window: string) => string;
  /** Number of events in a window; null where time itself is counted. */
  readonly events: ((window: string) => string) | null;
  /** Recorded before the shares: whether a slice of time was good. */
  readonly slice: string | null;
  /** Selector whose absence means that nothing is told. */
  readonly presence: string;
  /** Selectors that have to be there before the first failure. */
  readonly zeroStarts: readonly string[];
}

/** Name of the series that holds 1 for a good slice of time and 0 for a bad one. */
export const sliceRecord = "slo:slice_good:bool";

const rate = (selector: string, window: string): string => `sum(rate(${selector}[${window}]))`;
const events = (selector: string) => (window: string) => `sum(increase(${selector}[${window}]))`;

/** Both ways in which a bound is written; Prometheus 3 normalises to the second. */
export function boundMatcher(underMs: number): string {
  const seconds = Number((underMs / 1000).toPrecision(12));
  const text = String(seconds);
  return text.includes(".") ? `le="${text}"` : `le=~"${text}|${text}\\\\.0"`;
}

/** The matchers that every recorded series of an SLO carries. */
export function idMatchers({ id, service }: Pick<Slo, "id" | "service">): string {
  return `sloth_id="${id}",sloth_service="${service}"`;
}

/** What watches an SLO; null where its SLI names no series. */
export function expressionsOf(slo: Slo): Expressions | null {
  const plain = plainExpressions(slo);
  if (plain === null || slo.method.kind === "occurrences" || plain.slice !== null) return plain;
  // A slice counts as a whole: good when its own share of good events reaches the target.
  const { sliceMs, target } = slo.method;
  const share = plain.errorShare(`${Math.round(sliceMs / 1000)}s`);
  return { ...plain, ...ofSlices(slo, `((1 - (${share})) >= bool ${target})`) };
}

function plainExpressions(slo: Slo): Expressions | null {
  const { sli } = slo;
  if (sli.kind === "latency") return ofHistogram(sli.histogram, sli.underMs);
  if (sli.kind === "ratio") return ofRatio(sli.total, sli.bad, sli.good);
  if (sli.kind === "throughput") {
    if (sli.good === undefined) return null;
    const slice = `(${rate(sli.good, "5m")} >= bool ${sli.minPerSecond})`;
    return { presence: sli.good, zeroStarts: [], ...ofSlices(slo, slice) };
  }
  if (sli.kind === "freshness") {
    if (sli.timestamp === undefined) return null;
    const slice = `((time() - max(${sli.timestamp})) <= bool ${sli.withinMs / 1000})`;
    return { presence: sli.timestamp, zeroStarts: [], ...ofSlices(slo, slice) };
  }
  return null;
}

function ofSlices(slo: Slo, slice: string): Pick<Expressions, "slice" | "errorShare" | "events"> {
  const recorded = `${sliceRecord}{${idMatchers(slo)}}`;
  return {
    slice,
    errorShare: (window) => `1 - avg_over_time(${recorded}[${window}])`,
    events: null,
  };
}

function ofRatio(
  total: string | undefined,
  bad: string | undefined,
  good: string | undefined,
): Expressions | null {
  if (total === undefined) return null;
  const whole = (window: string): string => `(${rate(total, window)} > 0)`;
  const common = { events: events(total), slice: null, presence: total };
  if (bad !== undefined) {
    return {
      ...common,
      zeroStarts: [bad],
      errorShare: (window) => `${rate(bad, window)} / ${whole(window)}`,
    };
  }
  if (good === undefined) return null;
  return {
    ...common,
    zeroStarts: [good],
    errorShare: (window) => `1 - ${rate(good, window)} / ${whole(window)}`,
  };
}

function ofHistogram(histogram: string | undefined, underMs: number): Expressions | null {
  if (histogram === undefined) return null;
  const count = extendSelector(histogram, "_count", "");
  const under = extendSelector(histogram, "_bucket", boundMatcher(underMs));
  return {
    events: events(count),
    slice: null,
    presence: count,
    zeroStarts: [under],
    errorShare: (window) => `1 - ${rate(under, window)} / (${rate(count, window)} > 0)`,
  };
}
