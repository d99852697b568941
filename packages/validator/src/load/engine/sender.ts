import type { Clock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import type { Executor, ExecutorContext } from "../executors/executor.ts";
import { createExecutor } from "../executors/index.ts";
import type { Recorder } from "../record/recorder.ts";
import { gracefulStopMsDefault, type ScenarioRecord } from "../record/scenario-record.ts";
import { scenarioSeed } from "../schedule/arrivals.ts";
import type { LoadPlan, LoadRecord } from "../types.ts";
import { Connections } from "./connections.ts";
import { createExec } from "./create-exec.ts";
import type { Ask, Exec, ExecContext } from "./exec.ts";
import { createFlight, type Flight, type LoadOutcome } from "./flight.ts";
import type { Pacer } from "./pacer.ts";
import { Vu } from "./vu.ts";

export interface SenderOptions {
  readonly plan: LoadPlan;
  readonly url: URL;
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** Ends the run at once. */
  readonly signal: AbortSignal;
  readonly emit: (record: LoadRecord) => void;
}

const queueMax = 100_000;
const connectionsMaxDefault = 1024;
const drainStepMs = 10;

/** Everything that sends in one thread: executors decide when, Execs decide what. */
export class Sender {
  readonly o: SenderOptions;
  readonly connections: Connections;
  readonly #stop = new AbortController();
  /** Iterations under way, per scenario. */
  readonly #running: number[];
  readonly #users: number[];
  readonly #phases: number[];
  /** Flights of clients with sockets of their own. */
  readonly #foreign = new Set<Flight>();
  readonly #execs: Exec[] = [];
  readonly #executors: Executor[] = [];
  #pacers: readonly Pacer[] = [];
  /** Nothing is sent any more; what is under way is being given its outcome. */
  #closing = false;
  #closed = false;

  constructor(o: SenderOptions) {
    this.o = o;
    const { scenarios } = o.recorder;
    this.#running = scenarios.map(() => 0);
    this.#users = scenarios.map(() => 0);
    this.#phases = scenarios.map(() => -1);
    this.connections = new Connections({
      url: o.url,
      clock: o.clock,
      scenarios: scenarios.length,
      connectionsMax: o.plan.connectionsMax ?? connectionsMaxDefault,
      queueMax,
      timeouts: o.plan.timeouts ?? {},
      finished: (flight, outcome) => this.#finished(flight, outcome),
      closedEarly: (at) => this.#closedEarly(at),
    });
  }

  /** Makes the Exec of every scenario; nothing is sent. */
  async prepare(): Promise<void> {
    for (const [at, { scenario }] of this.o.recorder.scenarios.entries()) {
      this.#execs.push(await createExec(scenario, this.#contextOf(at)));
      this.#executors.push(createExecutor(scenario));
    }
  }

  /** Resolves when every scenario has ended and been drained, or the signal aborted. */
  async run(pacers: readonly Pacer[]): Promise<void> {
    const { signal, recorder } = this.o;
    this.#pacers = pacers;
    const onAbort = (): void => this.#cancel();
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) this.#cancel();
    try {
      await Promise.all(recorder.scenarios.map((_, at) => this.#scenario(at, pacers[at])));
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#close(signal.aborted ? "cancelled" : "unfinished");
      await Promise.all(this.#execs.map(async (exec) => await exec.close?.()));
    }
  }

  async #scenario(at: number, pacer: Pacer | undefined): Promise<void> {
    const record = this.o.recorder.scenarios[at];
    const executor = this.#executors[at];
    if (record === undefined || executor === undefined || pacer === undefined) return;
    const { clock } = this.o;
    let open = true;
    await executor.run(this.#executorContext(at, record, pacer, () => open));
    open = false;
    const untilMs = clock.monotonicMs() + (record.scenario.gracefulStopMs ?? gracefulStopMsDefault);
    while (!this.#closed && (this.#running[at] ?? 0) > 0 && clock.monotonicMs() < untilMs) {
      await clock.sleep(drainStepMs);
    }
  }

  #executorContext(
    at: number,
    record: ScenarioRecord,
    pacer: Pacer,
    open: () => boolean,
  ): ExecutorContext {
    const { clock, plan } = this.o;
    const seed = scenarioSeed(plan.seed, record.name);
    return {
      clock,
      random: seededRandom(seed ^ 0x5bd1e995),
      pacer,
      startMs: record.startMs,
      seed,
      worker: 0,
      workers: 1,
      // The only rejection is the stop itself, which `stopped` tells.
      pause: (waitMs) => clock.sleep(waitMs, this.#stop.signal).catch(() => undefined),
      stopped: () => this.#closing || !open(),
      user: (ended) =>
        new Vu(at, this.#nextUser(at), (vu, end) => {
          this.#running[at] = (this.#running[at] ?? 0) - 1;
          ended(vu, end);
        }),
      start: (vu) => this.#start(at, vu),
      edit: () => null,
      phase: (phase) => void (this.#phases[at] = phase),
      nextStep: () => Promise.resolve(null),
      lose: (index, intendedMs, outcome) => {
        const flight = this.#open(at, 0, index, intendedMs);
        this.#finished(flight, outcome);
      },
    };
  }

  #nextUser(at: number): number {
    const user = this.#users[at] ?? 0;
    this.#users[at] = user + 1;
    return user;
  }

  #start(at: number, vu: Vu): void {
    this.#running[at] = (this.#running[at] ?? 0) + 1;
    this.#execs[at]?.start(vu, vu.ended);
  }

  #contextOf(at: number): ExecContext {
    const { plan, clock, recorder, url } = this.o;
    const name = recorder.scenarios[at]?.name ?? "";
    const seed = scenarioSeed(plan.seed, name);
    return {
      clock,
      random: seededRandom(seed ^ 0x2545f491),
      signal: this.#stop.signal,
      seed,
      scenario: at,
      name,
      plan,
      worker: 0,
      workers: 1,
      base: { path: url.pathname.replace(/\/+$/, ""), headers: headersOf(plan, url) },
      send: (ask) => this.#send(at, ask),
      begin: (step, index, intendedMs) => {
        const flight = this.#open(at, step, index, intendedMs);
        flight.sendMs = clock.monotonicMs();
        if (!this.#closed) this.#foreign.add(flight);
        return flight;
      },
      finish: (flight, outcome) => this.#finished(flight, outcome),
      metric: (metric, value, bad) =>
        recorder.figure(at, metric, { value, bad: bad ?? false, atMs: clock.monotonicMs() }),
      event: (text) => this.o.emit({ type: "load.event", text }),
    };
  }

  #send(at: number, ask: Ask): void {
    // Asked after the end of the run: not due any more.
    if (this.#closing) return;
    const flight = this.#open(at, ask.step, ask.index, ask.intendedMs);
    if (!Number.isNaN(ask.wakeMs)) {
      flight.wakeMs = ask.wakeMs;
      this.o.recorder.at(at).lag(flight);
    }
    flight.client = ask.client;
    flight.answered = ask.answered;
    this.connections.send(flight);
  }

  #open(at: number, step: number, index: number, intendedMs: number): Flight {
    const nowMs = this.o.clock.monotonicMs();
    const flight = createFlight(at, index, Number.isNaN(intendedMs) ? nowMs : intendedMs);
    flight.step = step;
    flight.phase = this.#phases[at] ?? -1;
    flight.wakeMs = nowMs;
    if (!this.#closed) this.o.recorder.due(at, flight);
    else flight.ended = true;
    return flight;
  }

  #finished(flight: Flight, outcome: LoadOutcome): void {
    if (flight.ended) return;
    flight.ended = true;
    if (flight.client === null) this.#foreign.delete(flight);
    this.o.recorder.ended(flight, outcome);
    flight.answered?.(flight, outcome);
  }

  #closedEarly(at: number): void {
    const name = this.o.recorder.scenarios[at]?.name ?? "";
    const text = `The target closes connections right after answers of ${name}, unannounced; they are not reused from here on.`;
    const doesNotProve = `What a client sees that reuses connections after answers of ${name}: the target closes them unannounced, so each was used for one such answer.`;
    this.o.emit({ type: "load.event", text, doesNotProve });
  }

  #cancel(): void {
    this.#close("cancelled");
    for (const pacer of this.#pacers) pacer.wake();
  }

  /** Every flight under way ends with this outcome, as do arrivals that wait for a user. */
  #close(outcome: "cancelled" | "unfinished"): void {
    if (this.#closing) return;
    this.#closing = true;
    for (const executor of this.#executors) executor.close?.();
    this.connections.close(outcome);
    for (const flight of this.#foreign) this.#finished(flight, outcome);
    this.#closed = true;
    this.#stop.abort();
  }
}

function headersOf(plan: LoadPlan, url: URL): string[] {
  const headers = ["host", url.host, "user-agent", "loadline", "accept-encoding", "identity"];
  if (plan.target.apiKey !== undefined) {
    headers.push("authorization", `Bearer ${plan.target.apiKey}`);
  }
  for (const [name, value] of Object.entries(plan.target.headers ?? {})) headers.push(name, value);
  return headers;
}
