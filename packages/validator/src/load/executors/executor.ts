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
  /** A change made while running, null without one. */
  edit(): LiveEdit | null;
  /** Waits in ms, shorter when the run is stopped or edited. */
  pause(waitMs: number): Promise<void>;
  /** Nothing more is to be started. */
  stopped(): boolean;
  /** A new virtual user; `ended` is told of the end of each of its iterations. */
  user(ended: (vu: Vu, end: IterationEnd) => void): Vu;
  /** A closed model has so many users at work now, those who think among them. */
  holds(users: number): void;
  /** Runs one iteration of a user that has none under way. */
  start(vu: Vu): void;
  /** Iterations under way. */
  underWay(): number;
  /** One more arrival of this worker's has been let go, with a user or without. */
  released(): void;
  /** Says something of the run: it goes into the evidence. */
  event(text: string): void;
  /** An arrival that gets no user: one due request with this outcome. */
  lose(index: number, intendedMs: number, outcome: "dropped" | "unfinished"): void;
  /** What falls due from here on is counted for this phase of the scenario too; -1 = none. */
  enterPhase(phase: number): void;
  /** The next step of a search, from the control thread; null when it is over. */
  nextStep(): Promise<PeakStep | null>;
}

/** Users or rate of a scenario changed while it runs, the same in all workers. */
export interface LiveEdit {
  /** Monotonic ms from which it holds. */
  readonly atMs: number;
  readonly users?: number;
  /** Iterations per second. */
  readonly rate?: number;
}

/** One step of a search for the peak, as data. */
export interface PeakStepTerms {
  readonly phase: number;
  readonly rate: number;
  readonly seed: number;
  /** Monotonic ms. */
  readonly startMs: number;
  readonly durationMs: number;
  /** Arrival index of the scenario's first in this step. */
  readonly firstIndex: number;
}

/** A step that a sender is at. */
export interface PeakStep extends PeakStepTerms {
  /** Set by the control thread when the step has shown enough. */
  readonly ended: () => boolean;
}

/** Resolves when nothing more falls due; iterations may still be under way. */
export interface Executor {
  run(x: ExecutorContext): Promise<void>;
  /** Counts what waited for a user and never got one; after the drain. */
  close?(): void;
}

/** How many of `count` fall to a worker when number i goes to worker i mod `workers`. */
export function shareOf(count: number, x: { worker: number; workers: number }): number {
  return Math.max(0, Math.ceil((count - x.worker) / x.workers));
}
