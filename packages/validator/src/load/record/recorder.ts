import type { SampleTally } from "@loadline/contract";
import { createHistogram, type Histogram } from "@loadline/kit/histogram";
import type { Flight, LoadOutcome } from "../engine/flight.ts";
import { loadErrors } from "../errors.ts";
import { durationOf } from "../plan/duration.ts";
import { stepNames } from "../plan/step-names.ts";
import type { LiveFrame, LoadAccount, LoadLimit, LoadPlan, LoadSlice, Scenario } from "../types.ts";
import { LimitCounter } from "./limits.ts";
import { Series, toMs } from "./series.ts";

export interface ScenarioRecord {
  readonly name: string;
  readonly scenario: Scenario;
  /** Monotonic ms. */
  startMs: number;
  readonly series: Series;
  readonly limits: readonly LimitCounter[];
  readonly bad: Map<LoadOutcome, number>;
  due: number;
  sent: number;
  ok: number;
  tokensKnown: number;
  tokensUnknown: number;
  outputTokens: number;
}

export const gracefulStopMsDefault = 30_000;

/** Everything counted in a run. Memory does not grow with the number of requests. */
export class Recorder {
  readonly scenarios: readonly ScenarioRecord[];
  #originMs = 0;
  #endMs = 0;
  readonly #response = createHistogram();
  readonly #ttft = createHistogram();

  constructor(plan: LoadPlan) {
    const entries = Object.entries(plan.scenarios);
    this.scenarios = entries.map(([name, s]) => toRecord(plan, name, s));
  }

  /** The run starts at this monotonic ms. */
  begin(originMs: number): void {
    this.#originMs = originMs;
    for (const record of this.scenarios) {
      record.startMs = originMs + (record.scenario.startMs ?? 0);
    }
    this.#endMs = Math.max(...this.scenarios.map((r) => r.startMs + durationOf(r.scenario)));
  }

  due(at: number, flight: Flight): void {
    const record = this.#at(at);
    record.due++;
    record.series.due(record.series.sliceOf(flight.intendedMs - record.startMs));
  }

  ended(flight: Flight, outcome: LoadOutcome): void {
    const record = this.#at(flight.scenario);
    const offsetMs = flight.intendedMs - record.startMs;
    const slice = record.series.sliceOf(offsetMs);
    const measured = offsetMs >= (record.scenario.warmupMs ?? 0);
    if (!Number.isNaN(flight.sendMs)) record.sent++;
    record.series.ended(slice, outcome, flight, measured);
    if (outcome === "ok") this.#ok(record, flight);
    else record.bad.set(outcome, (record.bad.get(outcome) ?? 0) + 1);
    if (!measured) return;
    for (const limit of record.limits) {
      if (limit.step < 0 || limit.step === flight.step) limit.count(flight, outcome, slice);
    }
  }

  /** Slices that ended by now, of every scenario. */
  closeSlices(nowMs: number): LoadSlice[] {
    return this.scenarios.flatMap((r) => r.series.close(nowMs - r.startMs, inFlightOf(r)));
  }

  frame(nowMs: number): LiveFrame {
    const sum = (of: (r: ScenarioRecord) => number): number =>
      this.scenarios.reduce((all, r) => all + of(r), 0);
    const shown = (of: Histogram, q: number): number | null =>
      of.count === 0 ? null : toMs(of.quantileUs(q));
    return {
      due: sum((r) => r.due),
      ok: sum((r) => r.ok),
      bad: sum(badOf),
      inFlight: sum(inFlightOf),
      p50Ms: shown(this.#response, 0.5),
      p99Ms: shown(this.#response, 0.99),
      maxMs: shown(this.#response, 1),
      ttftP99Ms: shown(this.#ttft, 0.99),
      elapsedMs: Math.max(0, nowMs - this.#originMs),
      leftMs: Math.max(0, this.#endMs - nowMs),
    };
  }

  /** Counts so far of the limits that want looks; empty without any. */
  looks(): { readonly claim: string; readonly tally: SampleTally }[] {
    return this.scenarios.flatMap(({ limits }) =>
      limits
        .filter(({ limit }) => limit.looks === true)
        .map((counter) => ({ claim: counter.limit.claim, tally: counter.tally() })),
    );
  }

  /** Throws LL_LOAD_ACCOUNTING unless due = ok + sum(bad) in every scenario. */
  accounts(): LoadAccount[] {
    return this.scenarios.map((r) => {
      if (r.due !== r.ok + badOf(r)) {
        const text = `${r.name}: ${r.due} due, ${r.ok} ok, ${badOf(r)} bad.`;
        throw loadErrors.make("LL_LOAD_ACCOUNTING", text);
      }
      return {
        scenario: r.name,
        due: r.due,
        sent: r.sent,
        ok: r.ok,
        bad: Object.fromEntries(r.bad),
        tokensKnown: r.tokensKnown,
        tokensUnknown: r.tokensUnknown,
        outputTokens: r.outputTokens,
      };
    });
  }

  #ok(record: ScenarioRecord, flight: Flight): void {
    record.ok++;
    this.#response.record((flight.doneMs - flight.intendedMs) * 1000);
    if (flight.contentEvents > 0) {
      this.#ttft.record((flight.firstContentMs - flight.sendMs) * 1000);
    }
    if (!generates(record.scenario.request) && flight.tokens < 0) return;
    if (flight.tokens >= 0) {
      record.tokensKnown++;
      record.outputTokens += flight.tokens;
    } else {
      record.tokensUnknown++;
    }
  }

  #at(at: number): ScenarioRecord {
    const record = this.scenarios[at];
    if (record === undefined) throw new TypeError(`no scenario ${at}`);
    return record;
  }
}

export function badOf(record: ScenarioRecord): number {
  let bad = 0;
  for (const count of record.bad.values()) bad += count;
  return bad;
}

/** Whether answers hold generated text, so that unknown tokens are counted as such. */
function generates(request: Scenario["request"]): boolean {
  return request !== undefined && request.kind !== "http" && request.kind !== "embeddings";
}

function inFlightOf(record: ScenarioRecord): number {
  return record.due - record.ok - badOf(record);
}

function toRecord(plan: LoadPlan, name: string, scenario: Scenario): ScenarioRecord {
  const drainMs = scenario.gracefulStopMs ?? gracefulStopMsDefault;
  const series = new Series(name, durationOf(scenario), drainMs);
  const own = plan.limits.filter((limit) => limit.scenario === name);
  const steps = stepNames(name, scenario);
  const stepOf = ({ step }: LoadLimit): number => (step === undefined ? -1 : steps.indexOf(step));
  return {
    name,
    scenario,
    startMs: scenario.startMs ?? 0,
    series,
    limits: own.map((limit) => new LimitCounter(limit, series.sliceMs, stepOf(limit))),
    bad: new Map(),
    due: 0,
    sent: 0,
    ok: 0,
    tokensKnown: 0,
    tokensUnknown: 0,
    outputTokens: 0,
  };
}
