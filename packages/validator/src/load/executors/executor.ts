import type { Clock } from "@loadline/kit/clock";
import type { Random } from "@loadline/kit/random";
import type { IterationEnd } from "../engine/exec.ts";
import type { Pacer } from "../engine/pacer.ts";
import type { Vu } from "../engine/vu.ts";

/** What an executor decides: when the next iteration of its scenario falls due, and whose it is. */
export interface ExecutorContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly pacer: Pacer;
  /** Monotonic ms at which the scenario begins. */
  readonly startMs: number;
  readonly seed: number;
  /** This worker's number and how many share the scenario. */
  readonly worker: number;
  readonly workers: number;
  /** Waits in ms, shorter when the run is stopped. */
  pause(waitMs: number): Promise<void>;
  /** Nothing more is to be started. */
  stopped(): boolean;
  /** A new virtual user; `ended` is told of the end of each of its iterations. */
  user(ended: (vu: Vu, end: IterationEnd) => void): Vu;
  /** Runs one iteration of a user that has none under way. */
  start(vu: Vu): void;
  /** An arrival that gets no user: one due request with this outcome. */
  lose(index: number, intendedMs: number, outcome: "dropped" | "unfinished"): void;
}

/** Resolves when nothing more falls due; iterations may still be under way. */
export interface Executor {
  run(x: ExecutorContext): Promise<void>;
  /** Counts what waited for a user and never got one; after the drain. */
  close?(): void;
}
