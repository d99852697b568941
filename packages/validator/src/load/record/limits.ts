import { type SampleTally, upperRank } from "@loadline/contract";
import { createHistogram } from "@loadline/kit/histogram";
import type { Flight, LoadOutcome } from "../engine/flight.ts";
import type { GoodSlo, LoadLimit, LoadMetric } from "../types.ts";
import { rankOf, toMs } from "./series.ts";

/** Exact counts for one limit: claims never read buckets. */
export class LimitCounter {
  readonly limit: LoadLimit;
  n = 0;
  bad = 0;
  /** Bad for their value alone; the rest of `bad` had no good outcome. */
  over = 0;
  undefined = 0;
  readonly #sliceMs: number;
  readonly #badBy = new Map<string, number>();
  readonly #slices: [number, number][] = [];
  readonly #values = createHistogram();

  constructor(limit: LoadLimit, sliceMs: number) {
    this.limit = limit;
    this.#sliceMs = sliceMs;
  }

  /** Bad whatever the latencies: what a slow generator cannot have caused. */
  get hardBad(): number {
    return this.bad - this.over;
  }

  get missingMetric(): number {
    return this.#badBy.get("missing_metric") ?? 0;
  }

  count(flight: Flight, outcome: LoadOutcome, slice: number): void {
    const reason = this.#judge(flight, outcome);
    this.n++;
    while (this.#slices.length <= slice) this.#slices.push([0, 0]);
    const at = this.#slices[slice];
    if (at) at[0]++;
    if (reason === "undefined") this.undefined++;
    if (reason === "" || reason === "undefined") return;
    this.bad++;
    if (at) at[1]++;
    if (reason === "over_limit" || reason === "missing_metric") this.over++;
    this.#badBy.set(reason, (this.#badBy.get(reason) ?? 0) + 1);
  }

  tally(): SampleTally {
    const { limit } = this;
    const figures = limit.limitMs === undefined ? {} : this.#figures(limit.quantile ?? 0.99);
    return {
      stream: limit.stream,
      part: limit.part,
      n: this.n,
      bad: this.bad,
      undefined: this.undefined,
      slices: this.#slices,
      sliceMs: this.#sliceMs,
      badBy: Object.fromEntries(this.#badBy),
      ...(limit.limitMs !== undefined && { limitMs: limit.limitMs }),
      ...figures,
    };
  }

  /** Empty when good, else the key it is counted under. */
  #judge(flight: Flight, outcome: LoadOutcome): string {
    const { metric, limitMs, slo } = this.limit;
    if (outcome !== "ok") return outcome;
    if (metric === "errors") return "";
    if (metric === "good") return slo === undefined ? "" : judgeGood(flight, slo);
    const valueMs = metricOf(flight, metric);
    if (Number.isNaN(valueMs)) return "undefined";
    this.#values.record(valueMs * 1000);
    return limitMs !== undefined && valueMs >= limitMs ? "over_limit" : "";
  }

  /** Order statistics among all due, bad outcomes as endless: absent when the rank is one of them. */
  #figures(quantile: number): Partial<SampleTally> {
    const values = this.#values;
    const at = (rank: number | null): number | undefined =>
      rank !== null && rank >= 1 && rank <= values.count ? toMs(values.rankUs(rank)) : undefined;
    const observedMs = at(rankOf(quantile, this.n));
    const upperMs = at(upperRank(this.n, quantile, this.limit.confidence ?? 0.95));
    return {
      ...(observedMs !== undefined && this.n > 0 && { observedMs }),
      ...(upperMs !== undefined && { upperMs }),
      ...(values.count > 0 && { maxMs: toMs(values.maxUs) }),
    };
  }
}

/** Value in ms of a whole answer; NaN when it has none. */
export function metricOf(flight: Flight, metric: Exclude<LoadMetric, "errors" | "good">): number {
  switch (metric) {
    case "response_time":
      return flight.doneMs - flight.intendedMs;
    case "service_time":
      return flight.doneMs - flight.sendMs;
    case "ttft":
      return flight.firstContentMs - flight.sendMs;
    case "ttft_open":
      return flight.firstContentMs - flight.intendedMs;
    case "ttfo":
      return flight.firstOutputMs - flight.sendMs;
    case "ttfb":
      return flight.firstByteMs - flight.sendMs;
    case "icl_max":
      return flight.gapMaxMs;
    case "e2e":
      return flight.lastContentMs - flight.sendMs;
    case "e2e_close":
      return flight.doneMs - flight.sendMs;
    case "e2e_open":
      return flight.lastContentMs - flight.intendedMs;
    case "tpot": {
      const gaps = flight.tokens - 1;
      const spanMs = flight.lastContentMs - flight.firstContentMs;
      // All content in one read has no time between tokens: unknown, never 0.
      return gaps >= 1 && flight.contentReads > 1 ? spanMs / gaps : Number.NaN;
    }
  }
}

function judgeGood(flight: Flight, slo: GoodSlo): string {
  const pairs = [
    [slo.responseTimeMs, "response_time"],
    [slo.ttftMs, "ttft"],
    [slo.tpotMs, "tpot"],
    [slo.e2eMs, "e2e"],
  ] as const;
  for (const [limitMs, metric] of pairs) {
    if (limitMs === undefined) continue;
    const valueMs = metricOf(flight, metric);
    if (Number.isNaN(valueMs)) return "missing_metric";
    if (valueMs >= limitMs) return "over_limit";
  }
  return "";
}
