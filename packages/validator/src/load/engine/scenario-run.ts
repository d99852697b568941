import { seededRandom } from "@loadline/kit/random";
import type { ExecutorContext, LiveEdit, PeakStep } from "../executors/executor.ts";
import { peakDrainMs } from "../plan/duration.ts";
import type { ScenarioRecord } from "../record/scenario-record.ts";
import { scenarioSeed } from "../schedule/arrivals.ts";
import type { Exec } from "./exec.ts";
import type { PeakStepTerms } from "./lane.ts";
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

  constructor(o: ScenarioRunOptions) {
    this.o = o;
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
      user: (ended) =>
        new Vu(this.o.at, this.#users++, (vu, end) => {
          this.underWay--;
          ended(vu, end);
        }),
      start: (vu) => {
        this.underWay++;
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
