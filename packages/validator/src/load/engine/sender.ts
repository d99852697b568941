import type { Clock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import type { Executor } from "../executors/executor.ts";
import { createExecutor } from "../executors/index.ts";
import { connectionQueueMax } from "../executors/queue-bound.ts";
import { gracefulStopMsDefault } from "../plan/duration.ts";
import type { TokenCounter } from "../clients/llm/stream-reader.ts";
import { importTokenizer } from "../clients/llm/tokenizer.ts";
import type { Recorder } from "../record/recorder.ts";
import { scenarioSeed } from "../schedule/arrivals.ts";
import type { LoadPlan, LoadRecord } from "../types.ts";
import { Connections } from "./connections.ts";
import { createExec } from "./create-exec.ts";
import type { Ask, Exec, ExecContext } from "./exec.ts";
import { createFlight, type Flight, type LoadOutcome } from "./flight.ts";
import type { LaneCommand } from "./lane.ts";
import type { Pacer } from "./pacer.ts";
import { ScenarioRun } from "./scenario-run.ts";
import { targetBase } from "./target-base.ts";
import { asksWire } from "./wire-log.ts";
import { connectionsMaxDefault } from "./workers.ts";

export interface SenderOptions {
  readonly plan: LoadPlan;
  readonly url: URL;
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** This sender's number and how many share the plan. */
  readonly worker: number;
  readonly workers: number;
  readonly emit: (record: LoadRecord) => void;
  /** A search is ready for its next step. */
  readonly peakReady: (scenario: number) => void;
}

const drainStepMs = 10;

/** Everything that sends in one thread: executors decide when, Execs decide what. */
export class Sender {
  readonly o: SenderOptions;
  readonly connections: Connections;
  readonly #stop = new AbortController();
  readonly #runs: ScenarioRun[] = [];
  /** Flights of clients with sockets of their own. */
  readonly #foreign = new Set<Flight>();
  readonly #execs: Exec[] = [];
  readonly #executors: Executor[] = [];
  #countTokens: TokenCounter | null = null;
  #pacers: readonly Pacer[] = [];
  /** Nothing new begins; what is under way goes on. */
  #draining = false;
  /** Nothing is sent any more; what is under way is being given its outcome. */
  #closing = false;
  #closed = false;
  #cancelled = false;

  constructor(o: SenderOptions) {
    this.o = o;
    this.connections = new Connections({
      url: o.url,
      clock: o.clock,
      scenarios: o.recorder.scenarios.length,
      connectionsMax: o.plan.connectionsMax ?? connectionsMaxDefault,
      queueMax: o.plan.queueMax ?? connectionQueueMax(o.plan, o.workers),
      timeouts: o.plan.timeouts ?? {},
      insecure: o.plan.target.insecure === true,
      wire: asksWire(o.plan.limits),
      finished: (flight, outcome) => this.#finished(flight, outcome),
      closedEarly: (at) => this.#closedEarly(at),
      localFault: () => o.recorder.localFault(),
    });
  }

  /** Makes the Exec of every scenario; nothing is sent. */
  async prepare(): Promise<void> {
    const { plan, emit } = this.o;
    this.#countTokens = await importTokenizer(plan, (text) => emit({ type: "load.event", text }));
    for (const [at, record] of this.o.recorder.scenarios.entries()) {
      const exec = await createExec(record.scenario, this.#contextOf(at));
      this.#execs.push(exec);
      this.#executors.push(createExecutor(record.scenario));
      this.#runs.push(
        new ScenarioRun({
          ...this.o,
          at,
          record,
          exec,
          halted: () => this.#draining || this.#closing,
          lose: (index, intendedMs, outcome) => {
            record.iteration(intendedMs, Number.NaN, outcome);
            const of = { step: 0, index, intendedMs, wakeMs: Number.NaN };
            this.#finished(this.#open(at, of), outcome);
          },
        }),
      );
    }
  }

  /** Resolves when every scenario has ended and been drained, or all was cancelled. */
  async run(pacers: readonly Pacer[]): Promise<void> {
    this.#pacers = pacers;
    try {
      await Promise.all(this.#runs.map((run, at) => this.#scenario(run, pacers[at])));
    } finally {
      const outcome = this.#cancelled ? "cancelled" : "unfinished";
      this.#close(outcome);
      for (const run of this.#runs) run.abandon(outcome);
      await Promise.all(this.#execs.map(async (exec) => await exec.close?.()));
    }
  }

  command(command: LaneCommand): void {
    switch (command.type) {
      case "begin":
        return;
      case "stop":
        this.#draining = true;
        for (const record of this.o.recorder.scenarios) record.stop(this.o.clock.monotonicMs());
        if (command.how === "cancel") {
          this.#cancelled = true;
          this.#close("cancelled");
        }
        for (const run of this.#runs) run.wake();
        break;
      case "edit":
        this.#runs[command.scenario]?.change(command.edit);
        break;
      case "peak":
        this.#runs[command.scenario]?.give(command.step);
        return;
      case "peak.cut":
        this.#runs[command.scenario]?.cut(command.phase);
    }
    for (const pacer of this.#pacers) pacer.wake();
  }

  /** A look at how many users each scenario has at work; called about once a second. */
  countUsers(): void {
    // After the end of the last there is nothing to look at: what was seen stays.
    if (!this.#runs.some(({ open }) => open)) return;
    for (const run of this.#runs) run.countUsers();
  }

  async #scenario(run: ScenarioRun, pacer: Pacer | undefined): Promise<void> {
    const executor = this.#executors[run.o.at];
    if (executor === undefined || pacer === undefined) return;
    const { clock } = this.o;
    await executor.run(run.context(pacer));
    run.open = false;
    const { gracefulStopMs = gracefulStopMsDefault } = run.o.record.scenario;
    const untilMs = clock.monotonicMs() + gracefulStopMs;
    while (!this.#closed && run.underWay > 0 && clock.monotonicMs() < untilMs) {
      await clock.sleep(drainStepMs);
    }
  }

  #contextOf(at: number): ExecContext {
    const { plan, clock, recorder, url, worker, workers } = this.o;
    const { name, scenario } = recorder.at(at);
    const seed = scenarioSeed(plan.seed, name);
    return {
      clock,
      random: seededRandom((seed ^ 0x2545f491 ^ Math.imul(worker, 0x9e3779b1)) >>> 0),
      signal: this.#stop.signal,
      seed,
      scenario: at,
      name,
      plan,
      worker,
      workers,
      base: targetBase(plan, url, scenario.key),
      ...(this.#countTokens !== null && { countTokens: this.#countTokens }),
      send: (ask) => this.#send(at, ask),
      begin: (step, index, intendedMs) => {
        const flight = this.#open(at, { step, index, intendedMs, wakeMs: Number.NaN });
        flight.sendMs = clock.monotonicMs();
        if (!this.#closed) this.#foreign.add(flight);
        return flight;
      },
      finish: (flight, outcome) => this.#finished(flight, outcome),
      metric: (metric, value, bad) => recorder.figure(at, metric, value, bad ?? false),
      event: (text) => this.o.emit({ type: "load.event", text }),
    };
  }

  #send(at: number, ask: Ask): void {
    // Asked after the end of the run: not due any more.
    if (this.#closing) return;
    const flight = this.#open(at, ask);
    if (!Number.isNaN(ask.wakeMs)) this.o.recorder.at(at).lag(flight);
    flight.client = ask.client;
    flight.answered = ask.answered;
    this.connections.send(flight);
  }

  #open(at: number, of: Pick<Ask, "step" | "index" | "intendedMs" | "wakeMs">): Flight {
    const { intendedMs, wakeMs } = of;
    const isTimed = !Number.isNaN(intendedMs) && !Number.isNaN(wakeMs);
    const nowMs = isTimed ? wakeMs : this.o.clock.monotonicMs();
    const flight = createFlight(at, of.index, Number.isNaN(intendedMs) ? nowMs : intendedMs);
    flight.step = of.step;
    flight.phase = this.#runs[at]?.phase ?? -1;
    flight.wakeMs = Number.isNaN(wakeMs) ? nowMs : wakeMs;
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
    const { name } = this.o.recorder.at(at);
    const text = `The target closes connections right after answers of ${name}, unannounced; they are not reused from here on.`;
    const doesNotProve = `What a client sees that reuses connections after answers of ${name}: the target closes them unannounced, so each was used for one such answer.`;
    this.o.emit({ type: "load.event", text, doesNotProve });
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
