import type { Clock } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import { checkLoadPlan } from "../plan/check.ts";
import { Recorder } from "../record/recorder.ts";
import { isOpenScenario } from "../schedule/hash.ts";
import { HostMonitor } from "./host.ts";
import type { LaneCommand, LaneInput, LaneMessage } from "./lane.ts";
import { createPacer, type Pacer } from "./pacer.ts";
import { PacerHub } from "./pacer-hub.ts";
import { Sender } from "./sender.ts";

const tickMs = 100;
const ticksPerSample = 10;

/** Runs a sender in the current thread, told by commands, heard by messages. */
export class SenderHost {
  readonly recorder: Recorder;
  readonly #input: LaneInput;
  readonly #clock: Clock;
  readonly #post: (message: LaneMessage) => void;
  readonly #sender: Sender;
  #begun: (originMs: number) => void = () => {};
  readonly #beginning = new Promise<number>((resolve) => void (this.#begun = resolve));

  /** Throws what `checkLoadPlan` throws. */
  constructor(input: LaneInput, clock: Clock, post: (message: LaneMessage) => void) {
    this.#input = input;
    this.#clock = clock;
    this.#post = post;
    this.recorder = new Recorder(input.plan, {
      nowMs: () => clock.monotonicMs(),
      figureMade: (scenario, name, { arena }) =>
        post({ type: "figure", scenario, name, buffers: arena.buffers }),
    });
    this.#sender = new Sender({
      ...input,
      url: checkLoadPlan(input.plan),
      clock,
      recorder: this.recorder,
      emit: (record) => post({ type: "record", record }),
      peakReady: (scenario) => post({ type: "peak.ready", scenario }),
    });
  }

  command(command: LaneCommand): void {
    if (command.type === "begin") this.#begun(command.originMs);
    else this.#sender.command(command);
    // A stop before the beginning: there is nothing to wait for.
    if (command.type === "stop") this.#begun(this.#clock.monotonicMs());
  }

  /** From `ready` to `ended`, or a `fault`; never rejects. `given` is closed as its own would be. */
  async run(given?: Pacer): Promise<void> {
    const pacer = given ?? createPacer(this.#input.pacing, this.#clock);
    try {
      // Its thread starts before the clock of the run does: a cold pacer would be lag.
      await pacer.until(this.#clock.monotonicMs());
      await this.#sender.prepare();
      this.#post({ type: "ready", buffers: this.recorder.arena.buffers });
      this.recorder.begin(await this.#beginning);
      await this.#send(this.#membersOf(pacer));
    } catch (error) {
      const code = error instanceof LoadlineError ? error.code : null;
      const message = error instanceof Error ? error.message : String(error);
      this.#post({ type: "fault", code, message });
    } finally {
      await pacer.close();
    }
  }

  /** One pacer for each scenario: the same thread's, but for users, who wait for nobody's arrival. */
  #membersOf(pacer: Pacer): Pacer[] {
    const scenarios = Object.values(this.#input.plan.scenarios);
    const isShared = scenarios.filter(isOpenScenario).length > 1;
    const hub = new PacerHub(pacer, this.#clock);
    return scenarios.map((scenario) => {
      if (!isOpenScenario(scenario)) return createPacer("timer", this.#clock);
      return isShared ? hub.member() : pacer;
    });
  }

  async #send(pacers: readonly Pacer[]): Promise<void> {
    const host = new HostMonitor(this.#clock);
    const sampling = new AbortController();
    const watching = this.#watch(host, sampling.signal);
    try {
      await this.#sender.run(pacers);
    } finally {
      sampling.abort();
      await watching;
    }
    const { figures } = this.recorder;
    const samples = this.recorder.samples();
    this.#post({ type: "ended", host: await host.stop(), folded: figures.folded, samples });
  }

  async #watch(host: HostMonitor, signal: AbortSignal): Promise<void> {
    for (let tick = 1; !signal.aborted; tick++) {
      const dueMs = this.#clock.monotonicMs() + tickMs;
      // The only rejection is the end itself.
      await this.#clock.sleep(tickMs, signal).catch(() => undefined);
      const nowMs = this.#clock.monotonicMs();
      // Before the sweep: what it ends may be late by this alone.
      host.late(nowMs - dueMs);
      this.#sender.connections.sweep(nowMs);
      if (tick % ticksPerSample !== 0) continue;
      this.#sender.countUsers();
      host.sample();
      this.#post({ type: "host", host: host.now() });
    }
  }
}
