import type { Clock } from "@loadline/kit/clock";
import type { Random } from "@loadline/kit/random";
import type { Pacer } from "../engine/pacer.ts";

/** What an executor decides: when the next request of its scenario falls due. */
export interface ExecutorContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly pacer: Pacer;
  /** Monotonic ms at which the scenario begins. */
  readonly startMs: number;
  readonly seed: number;
  /** Waits in ms, shorter when the run is stopped. */
  pause(waitMs: number): Promise<void>;
  stopped(): boolean;
  /** A request intended at `intendedMs`; `answered` is called once, at its end. */
  request(intendedMs: number, answered: (failedFast: boolean) => void): void;
}

/** Resolves when nothing more falls due. */
export interface Executor {
  run(x: ExecutorContext): Promise<void>;
}
