import type { Clock } from "@loadline/kit/clock";
import { durationOf } from "../plan/duration.ts";
import { Recorder } from "../record/recorder.ts";
import { scenarioSeed } from "../schedule/arrivals.ts";
import { digestSchedule } from "../schedule/hash.ts";
import { guardRows, judgeGuards } from "../guards/index.ts";
import type { LiveGuard, LoadPlan, LoadRecord } from "../types.ts";
import { guardViews } from "./guard-views.ts";
import { type HostFigures, worstHost } from "./host.ts";
import { createLanes } from "./create-lanes.ts";
import type { Lane, LaneCommand, LaneEnd } from "./lane.ts";
import type { ControlCommand, LoadControl } from "./load-control.ts";
import { countOrphans } from "./orphans.ts";
import type { Pacer } from "./pacer.ts";
import { PeakDriver } from "./peak-driver.ts";
import { reportRun } from "./report.ts";
import { readStolen, type Stolen, stolenBetween } from "./stolen.ts";

export interface ControlDeps {
  readonly clock: Clock;
  /** Ends the run at once. */
  readonly signal: AbortSignal;
  readonly control: LoadControl;
  readonly pacing: "pacer" | "timer" | "precise";
  /** Used in place of one of its own by a sender in the current thread. */
  readonly pacer?: Pacer | undefined;
  /** Where senders run: in threads of their own, or in the current one. */
  readonly senders: "threads" | "inline";
  readonly emit: (record: LoadRecord) => void;
}

/** From the start of a run to its first arrival. */
const leadMs = 50;
/** From a live edit to the moment it holds, the same in every sender. */
const editLeadMs = 50;
const tickMs = 100;
const ticksPerFrame = 5;
const ticksPerLook = 20;
const ticksPerTrend = 3;

/** Runs a whole plan over its senders. Resolves after its last record. */
export async function runControl(plan: LoadPlan, deps: ControlDeps): Promise<void> {
  const digest = digestSchedule(plan);
  deps.emit({
    type: "load.started",
    seed: plan.seed,
    scheduleHash: digest.hash,
    scenarios: Object.entries(plan.scenarios).map(([scenario, s]) => ({
      scenario,
      executor: s.executor,
      planned: digest.planned.get(scenario) ?? null,
      durationMs: durationOf(s),
    })),
  });
  if (plan.target.insecure === true) {
    const text = "TLS certificates of the target are not verified.";
    deps.emit({ type: "load.event", text, doesNotProve: "That the target is who it says it is." });
  }
  await new Control(plan, deps, digest.hash).run();
}

/** How a run ended, for its report. */
export interface RunEnd {
  readonly reason: "done" | "cancelled" | "drained";
  readonly ends: readonly LaneEnd[];
  readonly stolen: Stolen;
  readonly edited: boolean;
  /** From the start of the run to a stop before its end; null without one. */
  readonly stoppedAfterMs: number | null;
  /** Looks at the counts that were emitted. */
  readonly looks: number;
  readonly scheduleHash: string;
}

class Control {
  readonly #plan: LoadPlan;
  readonly #deps: ControlDeps;
  readonly #hash: string;
  readonly #lanes: readonly Lane[];
  /** All senders' counts, made anew from theirs; the only sender's own when it is in this thread. */
  readonly #whole: Recorder;
  /** What lost senders left behind; null until one is lost. */
  #orphans: Recorder | null = null;
  #originMs = 0;
  readonly #drivers = new Map<number, PeakDriver>();
  readonly #dead = new Set<Lane>();
  /** Of each sender's thread, as last told. */
  readonly #hosts = new Map<number, HostFigures>();
  #ended = 0;
  #drained = false;
  #stoppedMs: number | null = null;
  #edited = false;
  #looks = 0;

  constructor(plan: LoadPlan, deps: ControlDeps, hash: string) {
    this.#plan = plan;
    this.#deps = deps;
    this.#hash = hash;
    this.#lanes = createLanes(plan, deps, {
      record: (record) => deps.emit(record),
      host: (worker, host) => void this.#hosts.set(worker, host),
      peakReady: (worker, scenario) => this.#drivers.get(scenario)?.ready(worker),
    });
    this.#whole = new Recorder(plan);
  }

  async run(): Promise<void> {
    const { signal, clock, control } = this.#deps;
    const onAbort = (): void => {
      this.#stoppedMs ??= clock.monotonicMs();
      this.#broadcast({ type: "stop", how: "cancel" });
    };
    try {
      await Promise.all(this.#lanes.map((lane) => lane.ready));
      const originMs = clock.monotonicMs() + leadMs;
      this.#begin(originMs);
      const ends = this.#lanes.map((lane) => this.#endOf(lane));
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
      control.listen((command) => this.#obey(command));
      const before = readStolen();
      const watching = new AbortController();
      const watched = this.#watch(watching.signal);
      const all = await Promise.all(ends);
      watching.abort();
      await watched;
      this.#report(all, stolenBetween(before, readStolen()));
    } finally {
      signal.removeEventListener("abort", onAbort);
      await Promise.all(this.#lanes.map((lane) => lane.close()));
    }
  }

  #begin(originMs: number): void {
    const { clock } = this.#deps;
    this.#originMs = originMs;
    this.#whole.begin(originMs);
    for (const { recorder } of this.#lanes) recorder.begin(originMs);
    this.#whole.scenarios.forEach(({ scenario, name }, at) => {
      if (scenario.executor !== "find-peak") return;
      const driver = new PeakDriver({
        at,
        scenario,
        seed: scenarioSeed(this.#plan.seed, name),
        clock,
        broadcast: (command) => this.#broadcast(command),
        phase: (phase) => {
          this.#merge();
          return this.#whole.at(at).phases[phase];
        },
        senders: () => this.#lanes.length - this.#ended,
      });
      this.#drivers.set(at, driver);
    });
    this.#broadcast({ type: "begin", originMs });
  }

  async #endOf(lane: Lane): Promise<LaneEnd> {
    const end = await lane.ended;
    this.#ended++;
    if (end.kind === "died") {
      this.#dead.add(lane);
      this.#lost(lane, end.why);
    }
    for (const driver of this.#drivers.values()) driver.advance();
    return end;
  }

  /** What a dead sender leaves behind is counted, never left out. */
  #lost(lane: Lane, why: string): void {
    const { recorder, worker } = lane;
    const workers = this.#lanes.length;
    const { seed } = this.#plan;
    const left = (this.#orphans ??= this.#emptyRecorder());
    const orphans = countOrphans(left, { recorder, worker, workers, seed });
    left.localFault();
    const text = `Sender ${worker + 1} of ${workers} ended before its work (${why}); ${orphans} requests it had under way or still to send are counted as failed by the generator.`;
    this.#deps.emit({ type: "load.event", text });
  }

  #broadcast(command: LaneCommand): void {
    for (const lane of this.#lanes) if (!this.#dead.has(lane)) lane.command(command);
  }

  #obey(command: ControlCommand): void {
    const { emit, clock } = this.#deps;
    if (command.type === "drain") {
      if (this.#drained) return;
      this.#drained = true;
      this.#stoppedMs = clock.monotonicMs();
      emit({ type: "load.event", text: "Asked to stop: nothing more is sent." });
      this.#broadcast({ type: "stop", how: "drain" });
      return;
    }
    const { scenario, users, rate } = command;
    const at = this.#whole.scenarios.findIndex(({ name }) => name === scenario);
    if (at === -1) return;
    this.#edited = true;
    const edit = {
      atMs: clock.monotonicMs() + editLeadMs,
      ...(users !== undefined && { users }),
      ...(rate !== undefined && { rate }),
    };
    this.#broadcast({ type: "edit", scenario: at, edit });
    const to = users === undefined ? `${rate} per second` : `${users} users`;
    emit({ type: "load.event", text: `${scenario} was changed while it ran, to ${to}.` });
  }

  #merge(): void {
    this.#whole.clear();
    for (const lane of this.#lanes) this.#whole.add(lane.recorder);
    if (this.#orphans !== null) this.#whole.add(this.#orphans);
  }

  #emptyRecorder(): Recorder {
    const empty = new Recorder(this.#plan);
    empty.begin(this.#originMs);
    return empty;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { clock, emit } = this.#deps;
    for (let tick = 1; !signal.aborted; tick++) {
      // The only rejection is the end itself.
      await clock.sleep(tickMs, signal).catch(() => undefined);
      if (tick % ticksPerTrend === 0) for (const driver of this.#drivers.values()) driver.look();
      if (tick % ticksPerFrame !== 0 || signal.aborted) continue;
      const nowMs = clock.monotonicMs();
      this.#merge();
      for (const slice of this.#whole.closeSlices(nowMs)) emit({ type: "load.slice", slice });
      const counts = this.#whole.frame(nowMs);
      const leftMs = this.#drained ? 0 : counts.leftMs;
      const frame = { ...counts, leftMs, guards: this.#guards() };
      emit({ type: "frame", frame });
      if (tick % ticksPerLook !== 0) continue;
      const tallies = this.#whole.looks();
      if (tallies.length === 0) continue;
      this.#looks++;
      const underWay = underWayOf(this.#whole);
      emit({ type: "look", elapsedMs: frame.elapsedMs, tallies, underWay });
    }
  }

  /** The guards by the counts so far. */
  #guards(): LiveGuard[] {
    const host = worstHost([...this.#hosts.values()]);
    return guardRows(judgeGuards(guardViews(this.#whole, host, this.#edited)));
  }

  #report(ends: readonly LaneEnd[], stolen: Stolen): void {
    this.#merge();
    const { signal, emit, clock } = this.#deps;
    const reason = signal.aborted ? "cancelled" : this.#drained ? "drained" : "done";
    const peaks = new Map([...this.#drivers].map(([at, driver]) => [at, driver.result] as const));
    const stoppedAfterMs = this.#stoppedMs === null ? null : this.#stoppedMs - this.#originMs;
    const edited = this.#edited;
    const seen = { edited, stoppedAfterMs, looks: this.#looks, scheduleHash: this.#hash };
    const end = { reason, ends, stolen, ...seen } as const;
    const nowMs = clock.monotonicMs();
    const elapsedMs = nowMs - this.#originMs;
    const times = { nowMs, elapsedMs, startWallMs: clock.wallMs() - elapsedMs };
    reportRun(this.#whole, { ...end, ...times, peaks, emit });
  }
}

/** By claim whose counts are looked at: requests, or iterations, that are due and not ended. */
function underWayOf(whole: Recorder): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const record of whole.scenarios) {
    const claims = record.limits.filter(({ limit }) => limit.looks === true);
    for (const claim of new Set(claims.map(({ limit }) => limit.claim))) {
      sums[claim] = (sums[claim] ?? 0) + Math.max(record.inFlight, record.iterating);
    }
  }
  return sums;
}
