import { type Figure, type LoadSeries, samplesNeeded } from "@loadline/contract/browser";

/** Figures of a chart's table: rows in the order they are drawn. */
export interface ChartTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Figure[])[];
}

const measured = (value: number | null, unit: string, refs: readonly number[]): Figure => ({
  value,
  unit,
  provenance: "measured",
  refs,
});

/** Seconds since the scenario began at which slice `index` ends. */
const sliceSecond = (series: LoadSeries, index: number): number =>
  ((index + 1) * series.sliceMs) / 1000;

/** Rates per second and latencies per slice; a gap stays null. */
export interface OverTime {
  readonly seconds: readonly number[];
  readonly due: readonly number[];
  readonly ok: readonly number[];
  readonly bad: readonly number[];
  readonly p99Ms: readonly (number | null)[];
  readonly maxMs: readonly (number | null)[];
  readonly inFlight: readonly number[];
}

/** The arrays the over-time chart and its table share. */
export function overTimeOf(series: LoadSeries): OverTime {
  const rate = (counts: readonly number[]): number[] =>
    counts.map((count) => (count * 1000) / series.sliceMs);
  return {
    seconds: series.due.map((_, index) => sliceSecond(series, index)),
    due: rate(series.due),
    ok: rate(series.ok),
    bad: rate(series.bad),
    p99Ms: series.p99Ms,
    maxMs: series.maxMs,
    inFlight: series.inFlight,
  };
}

/** The values a log scale has a place for: zero and less are gaps there. */
export const onLogScale = (values: readonly (number | null)[]): (number | null)[] =>
  values.map((value) => (value !== null && value > 0 ? value : null));

/** Where a value has a gap or an end on both sides, so that no line goes through it. */
export function loneOf(values: readonly (number | null | undefined)[]): number[] {
  const has = (index: number): boolean => typeof values[index] === "number";
  return values.flatMap((_, index) =>
    has(index) && !has(index - 1) && !has(index + 1) ? [index] : [],
  );
}

/** The table twin of the over-time chart. */
export function overTimeTable(series: LoadSeries): ChartTable {
  const data = overTimeOf(series);
  return {
    columns: ["until", "due /s", "ok /s", "bad /s", "p99", "max", "in flight"],
    rows: data.seconds.map((second, index) => [
      { value: second, unit: "s", provenance: "derived", refs: [] },
      measured(data.due[index] ?? null, "", []),
      measured(data.ok[index] ?? null, "", []),
      measured(data.bad[index] ?? null, "", []),
      measured(data.p99Ms[index] ?? null, "ms", []),
      measured(data.maxMs[index] ?? null, "ms", []),
      measured(data.inFlight[index] ?? null, "", []),
    ]),
  };
}

/** One point of the percentile plot: `tail` is 1/(1-q), the x axis. */
export interface PercentilePoint {
  readonly quantile: number;
  readonly tail: number;
  readonly responseMs: number;
  readonly serviceMs: number | null;
}

const boundConfidence = 0.95;
/** Quantiles whose bound a reader looks for. */
const namedQuantiles = [0.5, 0.9, 0.95, 0.99, 0.999, 0.9999];

/** Whether a sample of n has an order statistic that bounds the quantile from above. */
const isBounded = (quantile: number, n: number): boolean => {
  const least = samplesNeeded(0, quantile, boundConfidence);
  return least !== null && n >= least;
};

/** The first of the named quantiles that the sample bounds no more; null where n is not known. */
export function unboundedFrom({ n }: LoadSeries): { quantile: Figure; n: Figure } | null {
  const first = n === undefined ? undefined : namedQuantiles.find((q) => !isBounded(q, n));
  if (n === undefined || first === undefined) return null;
  return {
    quantile: { value: first, unit: "ratio", provenance: "derived", refs: [] },
    n: measured(n, "", []),
  };
}

/**
 * Points below quantile 1 that the sample bounds, in order; the maximum (quantile 1) is placed one
 * half decade further.
 */
export function percentilesOf(series: LoadSeries): readonly PercentilePoint[] {
  const { n, percentiles } = series;
  const sorted = percentiles
    .filter(([quantile]) => quantile === 1 || n === undefined || isBounded(quantile, n))
    .toSorted((a, b) => a[0] - b[0]);
  const last = sorted.findLast(([quantile]) => quantile < 1);
  const edge = last === undefined ? 1 : 1 / (1 - last[0]);
  return sorted.map(([quantile, responseMs, serviceMs]) => ({
    quantile,
    tail: quantile < 1 ? 1 / (1 - quantile) : edge * 3,
    responseMs,
    serviceMs,
  }));
}

/** The table twin of the percentile plot. */
export function percentileTable(series: LoadSeries): ChartTable {
  return {
    columns: ["share of requests", "response", "service"],
    rows: percentilesOf(series).map((point) => [
      { value: point.quantile, unit: "ratio", provenance: "derived", refs: [] },
      measured(point.responseMs, "ms", []),
      measured(point.serviceMs, "ms", []),
    ]),
  };
}

/** The heat map as a grid: `counts[row][slice]`, rows from the fastest bucket up. */
export interface HeatGrid {
  readonly edgesMs: readonly number[];
  readonly counts: readonly (readonly number[])[];
  readonly most: number;
  readonly slices: number;
}

/** The sparse heat cells as a dense grid over the buckets that occur. */
export function heatGridOf(series: LoadSeries): HeatGrid {
  const edgesMs = [...new Set(series.heat.map(([, edge]) => edge))].toSorted((a, b) => a - b);
  const slices = series.due.length;
  const counts = edgesMs.map(() => Array.from({ length: slices }, () => 0));
  let most = 0;
  for (const [slice, edge, count] of series.heat) {
    const row = counts[edgesMs.indexOf(edge)];
    if (row === undefined || slice < 0 || slice >= slices) continue;
    row[slice] = (row[slice] ?? 0) + count;
    most = Math.max(most, row[slice] ?? 0);
  }
  return { edgesMs, counts, most, slices };
}

/** The table twin of the heat map: one row per cell that is not empty. */
export function heatTable(series: LoadSeries): ChartTable {
  return {
    columns: ["until", "latency up to", "requests"],
    rows: series.heat.map(([slice, edge, count]) => [
      { value: sliceSecond(series, slice), unit: "s", provenance: "derived", refs: [] },
      { value: edge, unit: "ms", provenance: "derived", refs: [] },
      measured(count, "", []),
    ]),
  };
}

/** Totals of a series, from the same arrays. */
export function totalsOf(series: LoadSeries): Readonly<Record<"due" | "ok" | "bad", Figure>> {
  const sum = (counts: readonly number[]): Figure => ({
    value: counts.reduce((total, count) => total + count, 0),
    unit: "",
    provenance: "measured",
    refs: series.evidence,
  });
  return { due: sum(series.due), ok: sum(series.ok), bad: sum(series.bad) };
}

/** The largest value of a series that may have gaps; null without any. */
export function mostOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((most, value) => Math.max(most, value));
}
