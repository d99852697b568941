import type { Claim, Figure, LoadSeries } from "@loadline/contract";
import { type ChartTable, totalsOf } from "./chart-data.ts";

/** A step of the shares: `share` of all due requests had a good answer within `ms`. */
export interface EcdfStep {
  readonly ms: number;
  readonly share: number;
}

/**
 * Shares of the due requests with a good answer within a time, at the upper edges of the heat cells, in
 * order. What had none stays above every step, so the last share is below 1 where something failed.
 */
export function ecdfOf(series: LoadSeries): readonly EcdfStep[] {
  const due = totalsOf(series).due.value ?? 0;
  if (due === 0) return [];
  const cells = new Map<number, number>();
  for (const [, edge, count] of series.heat) cells.set(edge, (cells.get(edge) ?? 0) + count);
  let within = 0;
  return [...cells]
    .toSorted(([a], [b]) => a - b)
    .map(([ms, count]) => ({ ms, share: Math.min(1, (within += count) / due) }));
}

/** A limit on the response time: where the steps have to be above. */
export interface Objective extends EcdfStep {
  /** What the sample shows of it: at least this share, known at the last step within `ms`. */
  readonly seen: number;
}

/** The limits that the plan sets to a scenario's response time, in the order of its claims. */
export function objectivesOf(
  scenario: string,
  steps: readonly EcdfStep[],
  claims: readonly Claim[],
): readonly Objective[] {
  const streams = new Set(
    ["response_time", "p50", "p95", "p99"].map((last) => `load.${scenario}.${last}`),
  );
  return claims.flatMap(({ kind, of, unit, limit, target }) => {
    if (kind !== "quantile" || unit !== "ms" || !streams.has(of)) return [];
    if (limit === undefined || target === undefined) return [];
    const seen = steps.findLast(({ ms }) => ms <= limit)?.share ?? 0;
    return [{ ms: limit, share: target, seen }];
  });
}

/** Columns of the plot: times, the steps, and the crosses of the objectives; null where is none. */
export function ecdfColumns(
  steps: readonly EcdfStep[],
  objectives: readonly Objective[],
): readonly [ms: number[], shares: number[], crosses: (number | null)[]] {
  const times = [...new Set([...steps, ...objectives].map(({ ms }) => ms))].toSorted(
    (a, b) => a - b,
  );
  return [
    times,
    times.map((at) => steps.findLast(({ ms }) => ms <= at)?.share ?? 0),
    times.map((at) => objectives.find(({ ms }) => ms === at)?.share ?? null),
  ];
}

export const shareFigure = (value: number, provenance: Figure["provenance"]): Figure => ({
  value,
  unit: "ratio",
  provenance,
  refs: [],
});

/** The table twin of the steps. */
export function ecdfTable(steps: readonly EcdfStep[]): ChartTable {
  return {
    columns: ["latency up to", "share of due requests"],
    rows: steps.map(({ ms, share }) => [
      { value: ms, unit: "ms", provenance: "derived", refs: [] },
      shareFigure(share, "derived"),
    ]),
  };
}
