import type { Clock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { createChatClient } from "../clients/chat.ts";
import type { LoadClient } from "../clients/client.ts";
import { createHttpClient } from "../clients/http.ts";
import { loadErrors } from "../errors.ts";
import { createExecutor } from "../executors/index.ts";
import { judgeGuards } from "../guards/index.ts";
import { checkLoadPlan, durationOf } from "../plan/check.ts";
import { Recorder, gracefulStopMsDefault } from "../record/recorder.ts";
import { scenarioSeed } from "../schedule/arrivals.ts";
import { digestSchedule } from "../schedule/hash.ts";
import type { LoadPlan, LoadRecord } from "../types.ts";
import { Connections } from "./connections.ts";
import { createFlight, type Flight, type LoadOutcome } from "./flight.ts";
import { guardViews } from "./guard-views.ts";
import { HostMonitor } from "./host.ts";
import { createPacer, type Pacer } from "./pacer.ts";

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
const queueMax = 100_000;
const connectionsMaxDefault = 1024;

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
  readonly #plan: LoadPlan;
  readonly #deps: EngineDeps;
  readonly #recorder: Recorder;
  readonly #connections: Connections;
  readonly #waiting = new Map<Flight, (failedFast: boolean) => void>();
  readonly #stop = new AbortController();
  #pacers: readonly Pacer[] = [];
  #ticks = 0;

  constructor(plan: LoadPlan, url: URL, deps: EngineDeps) {
    this.#plan = plan;
    this.#deps = deps;
    this.#recorder = new Recorder(plan, deps.clock.monotonicMs() + leadMs);
    this.#connections = new Connections({
      url,
      clock: deps.clock,
      clients: Object.entries(plan.scenarios).map(([name]) => createClient(plan, url, name)),
      connectionsMax: plan.connectionsMax ?? connectionsMaxDefault,
      queueMax,
      timeouts: plan.timeouts ?? {},
      finished: (flight, outcome) => this.#finished(flight, outcome),
      closedEarly: (at) => this.#closedEarly(at),
    });
  }

  async run(pacers: readonly Pacer[]): Promise<void> {
    const { signal, clock } = this.#deps;
    this.#pacers = pacers;
    const host = new HostMonitor(clock);
    const sampling = new AbortController();
    const watching = this.#watch(host, sampling.signal);
    const onAbort = (): void => this.#cancel();
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) this.#cancel();
    try {
      const scenarios = this.#recorder.scenarios;
      await Promise.all(scenarios.map((_, at) => this.#scenario(at, pacers[at])));
    } finally {
      signal.removeEventListener("abort", onAbort);
      sampling.abort();
      await watching;
      this.#stop.abort();
      this.#connections.close(signal.aborted ? "cancelled" : "unfinished");
    }
    this.#report(host);
  }

  async #scenario(at: number, pacer: Pacer | undefined): Promise<void> {
    const record = this.#recorder.scenarios[at];
    if (record === undefined || pacer === undefined) return;
    const { clock } = this.#deps;
    const seed = scenarioSeed(this.#plan.seed, record.name);
    let index = 0;
    let open = true;
    await createExecutor(record.scenario).run({
      clock,
      random: seededRandom(seed ^ 0x5bd1e995),
      pacer,
      startMs: record.startMs,
      seed,
      // The only rejection is the stop itself, which `stopped` tells.
      pause: (waitMs) => clock.sleep(waitMs, this.#stop.signal).catch(() => undefined),
      stopped: () => this.#stop.signal.aborted || !open,
      request: (intendedMs, answered) => this.#request(at, index++, intendedMs, answered),
    });
    open = false;
    const drainMs = record.scenario.gracefulStopMs ?? gracefulStopMsDefault;
    const untilMs = clock.monotonicMs() + drainMs;
    while (!this.#stop.signal.aborted && this.#underWay(at) && clock.monotonicMs() < untilMs) {
      await clock.sleep(10);
    }
  }

  #underWay(at: number): boolean {
    for (const flight of this.#waiting.keys()) if (flight.scenario === at) return true;
    return false;
  }

  #request(
    at: number,
    index: number,
    intendedMs: number,
    answered: (failedFast: boolean) => void,
  ): void {
    const flight = createFlight(at, index, intendedMs);
    flight.wakeMs = this.#deps.clock.monotonicMs();
    this.#recorder.due(at, flight);
    this.#waiting.set(flight, answered);
    this.#connections.send(flight);
  }

  #finished(flight: Flight, outcome: LoadOutcome): void {
    const answered = this.#waiting.get(flight);
    this.#waiting.delete(flight);
    this.#recorder.ended(flight, outcome);
    answered?.(outcome !== "ok" && flight.status === 0);
  }

  #closedEarly(at: number): void {
    const name = this.#recorder.scenarios[at]?.name ?? "";
    const text = `The target closes connections right after answers of ${name}, unannounced; they are not reused from here on.`;
    const doesNotProve = `What a client sees that reuses connections after answers of ${name}: the target closes them unannounced, so each was used for one such answer.`;
    this.#deps.emit({ type: "load.event", text, doesNotProve });
  }

  #cancel(): void {
    this.#stop.abort();
    for (const pacer of this.#pacers) pacer.wake();
    this.#connections.close("cancelled");
  }

  async #watch(host: HostMonitor, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    while (!signal.aborted) {
      await clock.sleep(tickMs, signal).catch(() => undefined);
      const nowMs = clock.monotonicMs();
      this.#connections.sweep(nowMs);
      if (++this.#ticks % ticksPerFrame !== 0) continue;
      this.#live(nowMs);
      if (this.#ticks % (2 * ticksPerFrame) === 0) host.sample();
    }
  }

  #live(nowMs: number): void {
    for (const slice of this.#recorder.closeSlices(nowMs)) {
      this.#deps.emit({ type: "load.slice", slice });
    }
    this.#deps.emit({ type: "frame", frame: this.#recorder.frame(nowMs) });
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
    const views = guardViews(this.#recorder, host.stop(), this.#connections.localFaults);
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

function createClient(plan: LoadPlan, url: URL, name: string): LoadClient {
  const scenario = plan.scenarios[name];
  if (scenario === undefined) throw new TypeError(`no scenario ${name}`);
  const headers = ["host", url.host, "user-agent", "loadline", "accept-encoding", "identity"];
  if (plan.target.apiKey !== undefined)
    headers.push("authorization", `Bearer ${plan.target.apiKey}`);
  const base = { path: url.pathname.replace(/\/+$/, ""), headers };
  const { request } = scenario;
  try {
    if (request.kind === "http") return createHttpClient(request, base);
    return createChatClient(request, base, scenarioSeed(plan.seed, name));
  } catch (cause) {
    const text = `load.scenarios.${name}.request cannot be written as HTTP/1.1.`;
    throw loadErrors.make("LL_LOAD_PLAN_INVALID", text, { cause });
  }
}
