import { seededRandom } from "@loadline/kit/random";
import type { ExecutorContext, LiveEdit, PeakStep, PeakStepTerms } from "../executors/executor.ts";
import { peakDrainMs } from "../plan/duration.ts";
import type { ScenarioRecord } from "../record/scenario-record.ts";
import { scenarioSeed } from "../schedule/arrivals.ts";
import type { Exec, IterationEnd } from "./exec.ts";
import type { Pacer } from "./pacer.ts";
import type { SenderOptions } from "./sender.ts";
import { Vu } from "./vu.ts";

export interface ScenarioRunOptions extends SenderOptions {
  readonly at: number;
  readonly record: ScenarioRecord;
  readonly exec: Exec;
  /** Nothing more is to be started. */
  readonly halted: () => boolean;
  readonly lose: ExecutorContext["lose"];
}

const drainStepMs = 10;

/** One scenario in one sender: its users, its phase, and what changes it while it runs. */
export class ScenarioRun {
  readonly o: ScenarioRunOptions;
  /** False when its executor has ended. */
  open = true;
  /** Iterations under way. */
  underWay = 0;
  phase = -1;
  #users = 0;
  #edit: LiveEdit | null = null;
  #cutPhase = -1;
  readonly #pauses = new Set<() => void>();
  #step: ((step: PeakStepTerms | null) => void) | null = null;
  /** Users with an iteration under way; null where no limit is on iterations. */
  readonly #timed: Set<Vu> | null;
  /** Users of a closed model, thinking ones too. */
  #held: number | null = null;

  constructor(o: ScenarioRunOptions) {
    this.o = o;
    this.#timed = o.record.iterationLimits.length === 0 ? null : new Set();
  }

  context(pacer: Pacer): ExecutorContext {
    const { clock, plan, record, worker, workers } = this.o;
    const seed = scenarioSeed(plan.seed, record.name);
    return {
      clock,
      random: seededRandom((seed ^ 0x5bd1e995 ^ Math.imul(worker, 0x9e3779b1)) >>> 0),
      pacer,
      startMs: record.startMs,
      seed,
      worker,
      workers,
      edit: () => this.#edit,
      pause: (waitMs) => this.#pause(waitMs),
      stopped: () => this.o.halted() || !this.open,
      user: (ended) => {
        record.userMade();
        return new Vu(this.o.at, this.#users++, (vu, end) => {
          this.underWay--;
          if (this.#timed?.delete(vu) === true) {
            record.iterates(-1);
            this.#lasted(vu, end);
          }
          ended(vu, end);
        });
      },
      holds: (users) => void (this.#held = users),
      start: (vu) => {
        this.underWay++;
        if (this.#timed !== null) {
          vu.beganMs = clock.monotonicMs();
          this.#timed.add(vu);
          record.iterates(1);
        }
        this.o.exec.start(vu, vu.ended);
      },
      underWay: () => this.underWay,
      released: () => record.release(),
      lose: this.o.lose,
      event: (text) => this.o.emit({ type: "load.event", text: `${record.name}: ${text}` }),
      enterPhase: (phase) => void (this.phase = phase),
      nextStep: () => this.#nextStep(),
    };
  }

  /** Ends the pauses under way. */
  wake(): void {
    for (const wake of this.#pauses) wake();
    if (this.o.halted()) this.give(null);
  }

  change(edit: LiveEdit): void {
    this.#edit = edit;
    this.wake();
  }

  /** The next step of a search, null when it is over. */
  give(step: PeakStepTerms | null): void {
    const taken = this.#step;
    this.#step = null;
    taken?.(step);
  }

  cut(phase: number): void {
    this.#cutPhase = Math.max(this.#cutPhase, phase);
  }

  /** A look at the users at work, while there is something to begin. */
  countUsers(): void {
    if (this.open) this.o.record.usersSeen(this.#held ?? this.underWay);
    else this.o.record.usersGone();
  }

  /** The run is over: an iteration that did not come to its end took too long for any limit. */
  abandon(outcome: "cancelled" | "unfinished"): void {
    for (const vu of this.#timed ?? []) this.o.record.iteration(vu.intendedMs, Number.NaN, outcome);
    this.#timed?.clear();
  }

  #lasted(vu: Vu, end: IterationEnd): void {
    // No row was left to work on: there was no iteration.
    if (end === "exhausted") return;
    const lengthMs = this.o.clock.monotonicMs() - vu.beganMs;
    this.o.record.iteration(vu.intendedMs, lengthMs, end === "ok" ? "" : "iteration");
  }

  #pause(waitMs: number): Promise<void> {
    if (this.o.halted()) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel();
        this.#pauses.delete(wake);
        resolve();
      };
      const timer = this.o.clock.after(waitMs, wake);
      this.#pauses.add(wake);
    });
  }

  async #nextStep(): Promise<PeakStep | null> {
    const { clock, at } = this.o;
    const untilMs = clock.monotonicMs() + peakDrainMs;
    while (this.underWay > 0 && !this.o.halted() && clock.monotonicMs() < untilMs) {
      await this.#pause(drainStepMs);
    }
    if (this.o.halted()) return null;
    const given = new Promise<PeakStepTerms | null>((resolve) => void (this.#step = resolve));
    this.o.peakReady(at);
    const step = await given;
    if (step === null || this.o.halted()) return null;
    return { ...step, ended: () => this.#cutPhase >= step.phase };
  }
}
