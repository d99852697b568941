import type { SampleTally } from "@loadline/contract";
import { createHistogram, type Histogram } from "@loadline/kit/histogram";
import type { Flight, LoadOutcome } from "../engine/flight.ts";
import { loadErrors } from "../errors.ts";
import { isLoopback } from "../plan/loopback.ts";
import type { LiveFrame, LoadAccount, LoadPlan, LoadSlice } from "../types.ts";
import { Arena } from "./arena.ts";
import { type Figure, Figures, type FigureSeries } from "./figures.ts";
import type { SenderSamples } from "./samples.ts";
import { ScenarioRecord } from "./scenario-record.ts";
import { toMs } from "./ranks.ts";

/** Slots of the counters that belong to no scenario. */
const localFaultsAt = 0;

/** Told of a figure seen for the first time. */
export type FigureMade = (scenario: number, name: string, figure: Figure) => void;

/**
 * Everything counted in a run, on shared memory that does not grow with the number of requests.
 * Each sender has one; `add` makes the whole of them, which is exact: all of it is counts.
 */
export class Recorder {
  readonly scenarios: readonly ScenarioRecord[];
  readonly arena: Arena;
  readonly figures: Figures;
  /** What is asked runs on this machine, so that one starves with the other. */
  readonly isHere: boolean;
  readonly #shared: Float64Array;
  readonly #nowMs: () => number;
  #originMs = 0;
  /** Made for the first frame of several scenarios. */
  #merged: Histogram | null = null;

  /** `given`: the buffers of another's arena, to look at. */
  constructor(
    plan: LoadPlan,
    o: {
      given?: readonly SharedArrayBuffer[];
      figureMade?: FigureMade;
      /** Monotonic, for the slice of a figure; default the start of the run. */
      nowMs?: () => number;
    } = {},
  ) {
    this.arena = new Arena(o.given ?? null, plan.precision ?? "normal");
    this.isHere = isLoopback(new URL(plan.target.baseUrl).hostname);
    this.figures = new Figures(o.figureMade ?? (() => undefined));
    this.#nowMs = o.nowMs ?? (() => this.#originMs);
    this.#shared = this.arena.sums(1);
    this.scenarios = Object.entries(plan.scenarios).map(
      ([name, s]) => new ScenarioRecord(plan, name, s, this.arena),
    );
  }

  /** Faults of this machine: no descriptors, ports or buffers left, a worker lost. */
  get localFaults(): number {
    return this.#shared[localFaultsAt] ?? 0;
  }

  localFault(): void {
    this.#shared[localFaultsAt] = this.localFaults + 1;
  }

  /** The run starts at this monotonic ms. */
  begin(originMs: number): void {
    this.#originMs = originMs;
    for (const record of this.scenarios) {
      record.startMs = originMs + (record.scenario.startMs ?? 0);
    }
  }

  due(at: number, flight: Flight): void {
    this.at(at).started(flight);
  }

  ended(flight: Flight, outcome: LoadOutcome): void {
    this.at(flight.scenario).ended(flight, outcome);
  }

  /** One value of a named figure, in its own unit. Called for every token: it makes no object. */
  figure(at: number, name: string, value: number, bad: boolean): void {
    const record = this.at(at);
    if (!record.timesFigures) {
      this.figures.record(at, name, value, bad);
      return;
    }
    const atMs = this.#nowMs();
    if (!record.isWarm(atMs)) return;
    this.figures.record(at, name, value, bad);
    record.countFigure(name, value, { bad, atMs });
  }

  /** Adds another recorder of the same plan. */
  add(other: Recorder): void {
    this.arena.add(other.arena);
    this.figures.add(other.figures);
    this.figures.folded += other.figures.folded;
  }

  /** Forgets all counts; slices that were closed stay closed. */
  clear(): void {
    this.arena.clear();
    for (const [, , figure] of this.figures) figure.arena.clear();
    this.figures.folded = 0;
  }

  /** Slices that ended by now, of every scenario. */
  closeSlices(nowMs: number): LoadSlice[] {
    return this.scenarios.flatMap((r) => r.series.close(nowMs - r.startMs, r.inFlight));
  }

  frame(nowMs: number): LiveFrame {
    const sum = (of: (r: ScenarioRecord) => number): number =>
      this.scenarios.reduce((all, r) => all + of(r), 0);
    const shown = (of: Histogram, q: number): number | null =>
      of.count === 0 ? null : toMs(of.quantileUs(q));
    const ttftP99Ms = shown(
      this.#whole((r) => r.series.ttft),
      0.99,
    );
    const live = this.#whole((r) => r.series.live);
    return {
      due: sum((r) => r.due),
      ok: sum((r) => r.ok),
      bad: sum((r) => r.bad.total()),
      inFlight: sum((r) => r.inFlight),
      p50Ms: shown(live, 0.5),
      p99Ms: shown(live, 0.99),
      maxMs: shown(live, 1),
      ttftP99Ms,
      elapsedMs: Math.max(0, nowMs - this.#originMs),
      leftMs: Math.max(0, ...this.scenarios.map((r) => r.leftMs(nowMs))),
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
      if (r.due !== r.ok + r.bad.total()) {
        const text = `${r.name}: ${r.due} due, ${r.ok} ok, ${r.bad.total()} bad.`;
        throw loadErrors.make("LL_LOAD_ACCOUNTING", text);
      }
      const { due, sent, ok, tokensKnown, tokensUnknown, outputTokens } = r;
      const bad = r.bad.toObject();
      const tokens = { tokensKnown, tokensUnknown, outputTokens };
      const aside = r.asideDue === 0 ? {} : { aside: { due: r.asideDue, ok: r.asideOk } };
      return { scenario: r.name, due, sent, ok, bad, ...aside, ...tokens };
    });
  }

  /** What this thread kept whole. */
  samples(): SenderSamples {
    return {
      failures: this.scenarios.flatMap((r) => r.failures),
      failuresSeen: this.scenarios.reduce((sum, r) => sum + r.failuresSeen, 0),
      slowest: this.scenarios.flatMap((r) =>
        r.limits.map(({ limit, slowest }) => {
          return { claim: limit.claim, part: limit.part, rows: slowest.rows() };
        }),
      ),
    };
  }

  figureSeries(): FigureSeries[] {
    return [...this.figures].map(([at, name, figure]) => figure.toSeries(this.at(at).name, name));
  }

  at(at: number): ScenarioRecord {
    const record = this.scenarios[at];
    if (record === undefined) throw new TypeError(`no scenario ${at}`);
    return record;
  }

  /** One histogram of all scenarios, until the next call. */
  #whole(of: (r: ScenarioRecord) => Histogram): Histogram {
    const [only, ...others] = this.scenarios.map(of);
    if (only !== undefined && others.length === 0) return only;
    const whole = (this.#merged ??= createHistogram({ precision: this.arena.precision }));
    whole.clear();
    for (const one of this.scenarios) whole.add(of(one));
    return whole;
  }
}
