import { type SampleTally, upperRank } from "@loadline/contract/browser";
import type { Histogram } from "@loadline/kit/histogram";
import { type Flight, type LoadOutcome, timeoutOutcomes } from "../engine/flight.ts";
import type { GoodSlo, LimitFigures, LoadLimit, UsersGauge } from "../types.ts";
import type { Arena } from "./arena.ts";
import { EndedWaits, waitClasses } from "./ended-waits.ts";
import { isCounted, metricOf } from "./metrics.ts";
import { BadCounts, type BadReason, reasonCount } from "./outcomes.ts";
import { Slowest, toRow } from "./samples.ts";
import { rankOf, toMs } from "./ranks.ts";

/** Slots of the plain counters. */
const nAt = 0;
const badAt = 1;
const overAt = 2;
const undefinedAt = 3;

export interface LimitShape {
  readonly arena: Arena;
  readonly sliceMs: number;
  readonly slices: number;
  /** Indexes of the declared steps the limit is for, null = all. */
  readonly steps: ReadonlySet<number> | null;
  /** Monotonic ms of the scenario's start, default 0. */
  readonly startMs?: () => number;
  /** Users of the scenario, null when nobody looked; default null. */
  readonly users?: (gauge: UsersGauge) => SeenUsers | null;
}

/** Users of a scenario: at its own last look, and at the last look at any scenario of the run. */
export interface SeenUsers {
  readonly own: number;
  readonly ofAll: number;
}

/** Exact counts for one limit: claims never read buckets. */
export class LimitCounter {
  readonly limit: LoadLimit;
  readonly #shape: LimitShape;
  readonly #counts: Float64Array;
  readonly #badBy: BadCounts;
  readonly #waits: EndedWaits;
  /** n and bad of each intended slice, in pairs. */
  readonly #slices: Float64Array;
  readonly #values: Histogram;
  /** Values and their sum in ms of each intended slice, in pairs; null unless wanted. */
  readonly #sums: Float64Array | null;
  /** In this thread only. */
  readonly slowest = new Slowest();
  /** No single request has a value of it. */
  readonly isApart: boolean;
  readonly #isBytes: boolean;

  constructor(limit: LoadLimit, shape: LimitShape) {
    this.limit = limit;
    this.isApart = limit.metric === "figure" || limit.metric === "iteration_duration";
    this.#isBytes = limit.metric === "data_sent" || limit.metric === "data_received";
    this.#shape = shape;
    const { arena } = shape;
    this.#counts = arena.sums(4);
    this.#badBy = new BadCounts(arena.sums(reasonCount));
    this.#waits = new EndedWaits(arena.sums(waitClasses));
    this.#slices = arena.sums(shape.slices * 2);
    this.#values = arena.histogram();
    this.#sums = limit.figures === true ? arena.sums(shape.slices * 2) : null;
  }

  get n(): number {
    return this.#counts[nAt] ?? 0;
  }

  get bad(): number {
    return this.#counts[badAt] ?? 0;
  }

  /** Bad for their value alone; the rest of `bad` had no good outcome. */
  get over(): number {
    return this.#counts[overAt] ?? 0;
  }

  get undefined(): number {
    return this.#counts[undefinedAt] ?? 0;
  }

  /** Bad whatever the latencies: what a slow generator cannot have caused. */
  get hardBad(): number {
    return this.bad - this.over;
  }

  get missingMetric(): number {
    return this.#badBy.get("missing_metric");
  }

  get badBy(): BadCounts {
    return this.#badBy;
  }

  /** Requests that one of our own timeouts ended. */
  get timedOut(): number {
    return timeoutOutcomes.reduce((sum, outcome) => sum + this.#badBy.get(outcome), 0);
  }

  /** Of those, the ones whose timeout nobody told the length of. */
  get untoldTimeouts(): number {
    return this.#waits.untold;
  }

  /** The shortest timeout that ended one of them, in ms; null when none of known length did. */
  get shortestTimeoutMs(): number | null {
    return this.#waits.shortestMs;
  }

  /** Answers that the target is overloaded, and those that the end of the run cut off. */
  get unserved(): number {
    return this.#badBy.get("status_503") + this.#badBy.get("unfinished");
  }

  /** A request that ended; of an unknown step (-1) it counts for every limit. */
  count(flight: Flight, outcome: LoadOutcome, slice: number): void {
    if (this.isApart) return;
    const { steps } = this.#shape;
    if (this.limit.metric === "retry_after" && flight.status !== 429) return;
    if (steps !== null && flight.step >= 0 && !steps.has(flight.step)) return;
    const reason = this.#isBytes ? this.#bytes(flight, slice) : this.#judge(flight, outcome, slice);
    this.#add(reason, slice);
    if (reason !== "" && isTimeout(reason)) this.#waits.add(flight.timeoutMs);
  }

  /** One value of the figure the limit names; NaN = it could not be measured. */
  figure(value: number, bad: boolean, slice: number): void {
    if (bad) {
      this.#add("check", slice);
      return;
    }
    if (Number.isNaN(value)) {
      this.#add("undefined", slice);
      return;
    }
    this.#add(this.#compare(value, slice), slice);
  }

  /** An iteration: how long it took in ms, or why that is no good one's length. */
  iteration(lengthMs: number, bad: BadReason | "", slice: number): void {
    this.#add(bad === "" ? this.#compare(lengthMs, slice) : bad, slice);
  }

  tally(): SampleTally & LimitFigures {
    const { limit } = this;
    const { gauge } = limit;
    const users = gauge === undefined ? null : (this.#shape.users?.(gauge) ?? null);
    const figures = limit.limitMs === undefined ? {} : this.#figures(limit.quantile ?? 0.99);
    return {
      stream: limit.stream,
      part: limit.part,
      n: this.n,
      bad: this.bad,
      undefined: this.undefined,
      slices: pairsOf(this.#slices),
      sliceMs: this.#shape.sliceMs,
      badBy: this.#badBy.toObject(),
      ...(limit.limitMs !== undefined && { limitMs: limit.limitMs }),
      ...(gauge !== undefined && { gauge: users?.own ?? null, gaugeOfAll: users?.ofAll ?? null }),
      ...figures,
      ...(this.#sums !== null && { figures: this.#sumsOf(this.#sums) }),
    };
  }

  #sumsOf(sums: Float64Array): NonNullable<LimitFigures["figures"]> {
    const values = this.#values;
    const minMs = values.count === 0 ? null : toMs(values.minUs);
    return { values: values.count, sumMs: toMs(values.sumUs), minMs, sums: pairsOf(sums) };
  }

  #add(reason: BadReason | "" | "undefined", slice: number): void {
    bump(this.#counts, nAt);
    bump(this.#slices, slice * 2);
    if (reason === "") return;
    if (reason === "undefined") {
      bump(this.#counts, undefinedAt);
      return;
    }
    bump(this.#counts, badAt);
    bump(this.#slices, slice * 2 + 1);
    if (reason === "over_limit" || reason === "missing_metric") bump(this.#counts, overAt);
    this.#badBy.add(reason);
  }

  /** Bytes go over the wire whatever comes of the request. */
  #bytes(flight: Flight, slice: number): BadReason | "" | "undefined" {
    const bytes = metricOf(
      flight,
      this.limit.metric === "data_sent" ? "data_sent" : "data_received",
    );
    return Number.isNaN(bytes) ? "undefined" : this.#compare(bytes, slice);
  }

  /** Empty when good, else the key it is counted under. */
  #judge(flight: Flight, outcome: LoadOutcome, slice: number): BadReason | "" | "undefined" {
    const { metric, slo, invert } = this.limit;
    if (invert === true && metric === "errors") return outcome === "ok" ? "answered" : "";
    if (metric === "retry_after") return flight.retryAfter ? "" : "check";
    if (outcome !== "ok") return outcome;
    if (metric === "good") return slo === undefined ? "" : judgeGood(flight, slo);
    if (isCounted(metric)) return "";
    const valueMs = metricOf(flight, metric);
    if (Number.isNaN(valueMs)) return "undefined";
    if (this.slowest.wants(valueMs)) {
      const { startMs } = this.#shape;
      const scenario = { scenario: this.limit.scenario, startMs: startMs?.() ?? 0 };
      this.slowest.add(valueMs, toRow(scenario, flight, outcome));
    }
    return this.#compare(valueMs, slice);
  }

  /** Records a valid value and says why it is bad, if it is. */
  #compare(value: number, slice: number): BadReason | "" {
    const { limitMs, invert } = this.limit;
    this.#values.record(value * 1000);
    const sums = this.#sums;
    if (sums !== null) {
      bump(sums, slice * 2);
      sums[slice * 2 + 1] = (sums[slice * 2 + 1] ?? 0) + value;
    }
    const isOver = limitMs !== undefined && value >= limitMs;
    if (invert === true) return isOver ? "" : "under_limit";
    return isOver ? "over_limit" : "";
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

function isTimeout(reason: BadReason | "undefined"): boolean {
  return timeoutOutcomes.some((outcome) => outcome === reason);
}

/** Up to the last slice with anything in it. */
function pairsOf(flat: Float64Array): [number, number][] {
  const pairs: [number, number][] = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i] ?? 0, flat[i + 1] ?? 0]);
  while (pairs.length > 0 && pairs.at(-1)?.[0] === 0) pairs.pop();
  return pairs;
}

function bump(counts: Float64Array, at: number): void {
  counts[at] = (counts[at] ?? 0) + 1;
}

function judgeGood(flight: Flight, slo: GoodSlo): BadReason | "" {
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
