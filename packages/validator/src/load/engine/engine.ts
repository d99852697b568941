import type { Clock } from "@loadline/kit/clock";
import { judgeGuards } from "../guards/index.ts";
import { checkLoadPlan } from "../plan/check.ts";
import { durationOf } from "../plan/duration.ts";
import { Recorder } from "../record/recorder.ts";
import { digestSchedule } from "../schedule/hash.ts";
import type { LoadPlan, LoadRecord } from "../types.ts";
import { guardViews } from "./guard-views.ts";
import { HostMonitor } from "./host.ts";
import { createPacer, type Pacer } from "./pacer.ts";
import { Sender } from "./sender.ts";

export interface EngineDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly pacing: "pacer" | "timer";
  readonly emit: (record: LoadRecord) => void;
}

/** From the start of a run to its first arrival. */
const leadMs = 50;
const tickMs = 100;
const ticksPerFrame = 5;
const ticksPerLook = 20;

/** Runs a whole plan in this thread. Resolves after its last record. */
export async function runEngine(plan: LoadPlan, deps: EngineDeps): Promise<void> {
  const url = checkLoadPlan(plan);
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
  // Threads start before the clock of the run does: a cold pacer would be lag.
  const pacers = Object.keys(plan.scenarios).map(() => createPacer(deps.pacing, deps.clock));
  try {
    await Promise.all(pacers.map((pacer) => pacer.until(deps.clock.monotonicMs())));
    await new Engine(plan, url, deps).run(pacers);
  } finally {
    for (const pacer of pacers) pacer.close();
  }
}

class Engine {
  readonly #deps: EngineDeps;
  readonly #recorder: Recorder;
  readonly #sender: Sender;
  #ticks = 0;

  constructor(plan: LoadPlan, url: URL, deps: EngineDeps) {
    const { clock, signal, emit } = deps;
    this.#deps = deps;
    this.#recorder = new Recorder(plan);
    this.#sender = new Sender({ plan, url, clock, recorder: this.#recorder, signal, emit });
  }

  async run(pacers: readonly Pacer[]): Promise<void> {
    await this.#sender.prepare();
    this.#recorder.begin(this.#deps.clock.monotonicMs() + leadMs);
    const host = new HostMonitor(this.#deps.clock);
    const sampling = new AbortController();
    const watching = this.#watch(host, sampling.signal);
    try {
      await this.#sender.run(pacers);
    } finally {
      sampling.abort();
      await watching;
    }
    this.#report(host);
  }

  async #watch(host: HostMonitor, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    while (!signal.aborted) {
      await clock.sleep(tickMs, signal).catch(() => undefined);
      const nowMs = clock.monotonicMs();
      this.#sender.connections.sweep(nowMs);
      if (++this.#ticks % ticksPerFrame !== 0) continue;
      this.#live(nowMs);
      if (this.#ticks % (2 * ticksPerFrame) === 0) host.sample();
    }
  }

  #live(nowMs: number): void {
    for (const slice of this.#recorder.closeSlices(nowMs)) {
      this.#deps.emit({ type: "load.slice", slice });
    }
    const frame = this.#recorder.frame(nowMs);
    this.#deps.emit({ type: "frame", frame });
    if (this.#ticks % ticksPerLook !== 0) return;
    const tallies = this.#recorder.looks();
    const { elapsedMs } = frame;
    if (tallies.length > 0) this.#deps.emit({ type: "look", elapsedMs, tallies });
  }

  #report(host: HostMonitor): void {
    const { emit, clock, signal } = this.#deps;
    const nowMs = clock.monotonicMs();
    for (const { series } of this.#recorder.scenarios) {
      // The last second is cut short: close the slice it lies in.
      const slices = series.close(nowMs - this.#startOf(series.scenario) + series.sliceMs, 0);
      for (const slice of slices) {
        if (slice.due > 0 || slice.heat.length > 0) emit({ type: "load.slice", slice });
      }
    }
    emit({ type: "frame", frame: this.#recorder.frame(nowMs) });
    const accounts = this.#recorder.accounts();
    const views = guardViews(this.#recorder, host.stop(), this.#sender.connections.localFaults);
    for (const guard of judgeGuards(views)) emit({ type: "guard", guard });
    for (const record of this.#recorder.scenarios) {
      for (const counter of record.limits) {
        const { claim, stream, part } = counter.limit;
        emit({ type: "sample.tally", claim, tally: counter.tally() });
        if (!signal.aborted) emit({ type: "sample.closed", claim, stream, part });
      }
      emit({ type: "series", series: record.series.whole() });
    }
    emit({ type: "load.ended", reason: signal.aborted ? "cancelled" : "done", accounts });
  }

  #startOf(name: string): number {
    return this.#recorder.scenarios.find((one) => one.name === name)?.startMs ?? 0;
  }
}
