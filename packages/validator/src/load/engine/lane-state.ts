import { Recorder } from "../record/recorder.ts";
import type { LoadPlan } from "../types.ts";
import { rebuildFault } from "./fault.ts";
import type { LaneEnd, LaneEvents, LaneMessage } from "./lane.ts";

/** What a lane's messages come to, the same for every kind of lane. */
export class LaneState {
  readonly ready: Promise<void>;
  readonly ended: Promise<LaneEnd>;
  #recorder: Recorder | null = null;
  readonly #plan: LoadPlan;
  readonly #worker: number;
  readonly #events: LaneEvents;
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<LaneEnd>();
  #isReady = false;

  constructor(plan: LoadPlan, worker: number, events: LaneEvents) {
    this.#plan = plan;
    this.#worker = worker;
    this.#events = events;
    this.ready = this.#ready.promise;
    this.ended = this.#ended.promise;
  }

  hear(message: LaneMessage): void {
    switch (message.type) {
      case "ready":
        // A view of what the sender counts.
        this.readyWith(new Recorder(this.#plan, { given: message.buffers }));
        return;
      case "figure":
        this.#recorder?.figures.at(message.scenario, message.name, message.buffers);
        return;
      case "record":
        this.#events.record(message.record);
        return;
      case "host":
        this.#events.host?.(this.#worker, message.host);
        return;
      case "peak.ready":
        this.#events.peakReady(this.#worker, message.scenario);
        return;
      case "ended": {
        const { host, folded, samples } = message;
        this.#ended.resolve({ kind: "done", host, folded, samples });
        return;
      }
      case "fault":
        this.fault(message.code, message.message);
    }
  }

  /** Throws TypeError before the sender is ready: it has no counts then. */
  get recorder(): Recorder {
    if (this.#recorder === null) throw new TypeError(`sender ${this.#worker} is not ready`);
    return this.#recorder;
  }

  readyWith(recorder: Recorder): void {
    this.#recorder = recorder;
    this.#isReady = true;
    this.#ready.resolve();
  }

  /** Before it was ready nothing was sent and the fault is the run's; later the lane died. */
  fault(code: string | null, message: string): void {
    if (this.#isReady) {
      this.#ended.resolve({ kind: "died", why: message });
      return;
    }
    this.#ready.reject(rebuildFault(code, message));
    this.#ended.resolve({ kind: "died", why: message });
  }

  /** The thread or process is gone. */
  gone(why: string): void {
    this.fault(null, why);
  }
}
