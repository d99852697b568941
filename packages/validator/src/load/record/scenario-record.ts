import { asideStep, type Flight, type LoadOutcome } from "../engine/flight.ts";
import { durationOf, gracefulStopMsDefault, peakStepsDefault } from "../plan/duration.ts";
import { stepNames } from "../plan/step-names.ts";
import type { LoadPlan, Scenario, UsersGauge } from "../types.ts";
import type { Arena } from "./arena.ts";
import { Blocks } from "./blocks.ts";
import { LimitCounter, type SeenUsers } from "./limits.ts";
import { BadCounts, type BadReason, reasonCount } from "./outcomes.ts";
import { type PhaseCounts, phasesOf } from "./phases.ts";
import { failuresMax, type SampleRow, toRow } from "./samples.ts";
import { Series } from "./series.ts";
import { StepCounts, stepSeries } from "./steps.ts";
import { timeLeftMs } from "./time-left.ts";

/** Slots of the counters. */
const slots = {
  due: 0,
  sent: 1,
  ok: 2,
  tokensKnown: 3,
  tokensUnknown: 4,
  outputTokens: 5,
  released: 6,
  asideDue: 7,
  asideOk: 8,
  vus: 9,
  vusMax: 10,
  looks: 11,
  iterating: 12,
  vusLeft: 13,
} as const;

/** Everything counted of one scenario, on memory of an arena. */
export class ScenarioRecord {
  readonly name: string;
  readonly scenario: Scenario;
  /** Monotonic ms. */
  startMs: number;
  readonly series: Series;
  readonly limits: readonly LimitCounter[];
  /** Those of whole iterations; with none of them nobody takes the time of one. */
  readonly iterationLimits: readonly LimitCounter[];
  /** One per declared step, none when there is but one. */
  readonly steps: readonly StepCounts[];
  readonly phases: readonly PhaseCounts[];
  /** Null unless the scenario names their length. */
  readonly blocks: Blocks | null;
  readonly bad: BadCounts;
  /** Whether it matters when a figure is said: there is a warm-up, or a limit on a figure. */
  readonly timesFigures: boolean;
  /** Of this thread, at most 10,000 over all scenarios. */
  readonly failures: SampleRow[] = [];
  failuresSeen = 0;
  readonly #foldsSteps: boolean;
  readonly #counts: Float64Array;
  readonly #failuresMax: number;
  readonly #warmupMs: number;
  /** Ms after the start: what falls due later is of the drain, and in no claim. */
  #untilMs: number;

  constructor(plan: LoadPlan, name: string, scenario: Scenario, arena: Arena) {
    this.name = name;
    this.scenario = scenario;
    this.startMs = scenario.startMs ?? 0;
    const scenarios = Object.keys(plan.scenarios).length;
    this.#failuresMax = Math.floor(failuresMax / scenarios);
    const drainMs = scenario.gracefulStopMs ?? gracefulStopMsDefault;
    const durationMs = durationOf(scenario);
    this.#warmupMs = scenario.warmupMs ?? 0;
    this.#untilMs = durationMs;
    this.series = new Series(name, arena, { durationMs, drainMs, scenarios });
    this.#counts = arena.sums(Object.keys(slots).length);
    this.bad = new BadCounts(arena.sums(reasonCount));
    const names = stepNames(name, scenario);
    const kept = stepSeries(plan, name);
    this.#foldsSteps = kept.length > 0 && kept.length < names.length;
    this.steps = kept.map((step) => new StepCounts(step, arena));
    const { sliceMs, slices } = this.series;
    this.limits = plan.limits
      .filter((limit) => limit.scenario === name)
      .map((limit) => {
        const steps = limit.step === undefined ? null : indexesOf(names, limit.step);
        const startMs = (): number => this.startMs;
        const users = (gauge: UsersGauge): SeenUsers | null => this.#users(gauge);
        return new LimitCounter(limit, { arena, sliceMs, slices, steps, startMs, users });
      });
    this.iterationLimits = this.limits.filter(({ limit }) => limit.metric === "iteration_duration");
    const onFigures = this.limits.some(({ limit }) => limit.metric === "figure");
    this.timesFigures = onFigures || this.#warmupMs > 0;
    const stepsMax =
      scenario.executor === "find-peak" ? (scenario.stepsMax ?? peakStepsDefault) : 0;
    this.phases = phasesOf(scenario, arena, stepsMax);
    const { blockMs } = scenario;
    this.blocks = blockMs === undefined ? null : new Blocks(arena, { blockMs, durationMs });
  }

  get due(): number {
    return this.#counts[slots.due] ?? 0;
  }

  get sent(): number {
    return this.#counts[slots.sent] ?? 0;
  }

  get ok(): number {
    return this.#counts[slots.ok] ?? 0;
  }

  get tokensKnown(): number {
    return this.#counts[slots.tokensKnown] ?? 0;
  }

  get tokensUnknown(): number {
    return this.#counts[slots.tokensUnknown] ?? 0;
  }

  get outputTokens(): number {
    return this.#counts[slots.outputTokens] ?? 0;
  }

  /** Of `due` and `ok` those that no user asked for: what a client sent on its own account. */
  get asideDue(): number {
    return this.#counts[slots.asideDue] ?? 0;
  }

  get asideOk(): number {
    return this.#counts[slots.asideOk] ?? 0;
  }

  /** Arrivals this worker has let go. */
  get released(): number {
    return this.#counts[slots.released] ?? 0;
  }

  /** Iterations under way, where a limit is on them. */
  get iterating(): number {
    return this.#counts[slots.iterating] ?? 0;
  }

  get inFlight(): number {
    return this.due - this.ok - this.bad.total();
  }

  /** Ms from a monotonic time until nothing more is begun, as far as it can be said. */
  leftMs(nowMs: number): number {
    return timeLeftMs(this.scenario, nowMs - this.startMs, this.released);
  }

  /** Requests of steps that share a series, for want of room for one each. */
  get folded(): number {
    return this.#foldsSteps ? (this.steps.at(-1)?.due ?? 0) : 0;
  }

  release(): void {
    this.#bump(slots.released, 1);
  }

  /** One more user was made. */
  userMade(): void {
    this.#bump(slots.vusMax, 1);
  }

  /** An iteration began (1) or came to its end (-1); told only where a limit is on them. */
  iterates(by: 1 | -1): void {
    this.#bump(slots.iterating, by);
  }

  /** A look, once a second while the scenario begins iterations: so many users are at work. */
  usersSeen(users: number): void {
    this.#counts[slots.vus] = users;
    this.#counts[slots.vusLeft] = users;
    this.#bump(slots.looks, 1);
  }

  /** A look at other scenarios, after this one's end. */
  usersGone(): void {
    this.#counts[slots.vusLeft] = 0;
  }

  /** Nothing is begun any more: what falls due from now on is of the drain. */
  stop(nowMs: number): void {
    this.#untilMs = Math.min(this.#untilMs, nowMs - this.startMs);
  }

  /** An iteration ended after so many ms, or is counted for why it has no good end. */
  iteration(intendedMs: number, lengthMs: number, bad: BadReason | ""): void {
    if (this.iterationLimits.length === 0 || !this.measures(intendedMs)) return;
    const slice = this.series.sliceOf(intendedMs - this.startMs);
    for (const limit of this.iterationLimits) limit.iteration(lengthMs, bad, slice);
  }

  started(flight: Flight): void {
    this.#bump(slots.due, 1);
    this.series.due(this.series.sliceOf(flight.intendedMs - this.startMs));
    if (flight.step >= asideStep) {
      this.#bump(slots.asideDue, 1);
      return;
    }
    this.#step(flight)?.started();
    if (flight.phase >= 0) this.phases[flight.phase]?.started();
  }

  /** From the pacer's release of an iteration: what it was late is ours to answer for. */
  lag(flight: Flight): void {
    if (!this.measures(flight.intendedMs)) return;
    this.series.lag.record((flight.wakeMs - flight.intendedMs) * 1000);
  }

  ended(flight: Flight, outcome: LoadOutcome): void {
    const slice = this.series.sliceOf(flight.intendedMs - this.startMs);
    const isAside = flight.step >= asideStep;
    const measured = this.measures(flight.intendedMs) && !isAside;
    if (!Number.isNaN(flight.sendMs)) this.#bump(slots.sent, 1);
    this.series.ended(slice, outcome, flight, measured);
    if (isAside && outcome === "ok") this.#bump(slots.asideOk, 1);
    if (outcome === "ok") this.#ok(flight);
    else this.#bad(flight, outcome);
    if (flight.phase >= 0 && !isAside) this.phases[flight.phase]?.ended(flight, outcome);
    if (!measured) return;
    this.blocks?.ended(flight, outcome, flight.intendedMs - this.startMs);
    for (const limit of this.limits) limit.count(flight, outcome, slice);
    this.#step(flight)?.ended(flight, outcome);
  }

  /** A value of a figure, for the limits that name it. */
  countFigure(name: string, value: number, of: { bad: boolean; atMs: number }): void {
    const slice = this.series.sliceOf(of.atMs - this.startMs);
    for (const limit of this.limits) {
      const { metric, figure } = limit.limit;
      if (metric === "figure" && figure === name) limit.figure(value, of.bad, slice);
    }
  }

  /** Whether what is intended then counts in claims: after the warm-up, before the drain. */
  measures(intendedMs: number): boolean {
    const offsetMs = intendedMs - this.startMs;
    return offsetMs >= this.#warmupMs && offsetMs < this.#untilMs;
  }

  /** Whether a figure said then is past the warm-up: it may be of a request that was due before. */
  isWarm(atMs: number): boolean {
    return atMs - this.startMs >= this.#warmupMs;
  }

  #users(gauge: UsersGauge): SeenUsers | null {
    const made = this.#counts[slots.vusMax] ?? 0;
    if (gauge === "vus_max") return { own: made, ofAll: made };
    if ((this.#counts[slots.looks] ?? 0) === 0) return null;
    return { own: this.#counts[slots.vus] ?? 0, ofAll: this.#counts[slots.vusLeft] ?? 0 };
  }

  #ok(flight: Flight): void {
    this.#bump(slots.ok, 1);
    if (flight.tokens >= 0) {
      this.#bump(slots.tokensKnown, 1);
      this.#bump(slots.outputTokens, flight.tokens);
    } else if (isGenerated(flight)) {
      this.#bump(slots.tokensUnknown, 1);
    }
  }

  #bad(flight: Flight, outcome: Exclude<LoadOutcome, "ok">): void {
    this.bad.add(outcome);
    this.failuresSeen++;
    if (this.failures.length >= this.#failuresMax) return;
    this.failures.push(toRow({ scenario: this.name, startMs: this.startMs }, flight, outcome));
  }

  #step(flight: Flight): StepCounts | undefined {
    if (this.steps.length === 0 || flight.step < 0) return undefined;
    return this.steps[Math.min(flight.step, this.steps.length - 1)];
  }

  #bump(slot: number, by: number): void {
    this.#counts[slot] = (this.#counts[slot] ?? 0) + by;
  }
}

/** Whether an answer held generated text, whatever asked for it: unknown tokens are counted as such. */
function isGenerated({ lastContentMs }: Flight): boolean {
  return !Number.isNaN(lastContentMs);
}

/** Every step of that name: a name may be used more than once. */
function indexesOf(names: readonly string[], step: string): ReadonlySet<number> {
  return new Set(names.flatMap((name, at) => (name === step ? [at] : [])));
}
