import { TestClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { Vu } from "../engine/vu.ts";
import type { Executor, ExecutorContext, LiveEdit } from "./executor.ts";

const none = (): void => undefined;

/** Lets what waits for a promise go on; nothing here waits for anything else. */
async function nextTurn(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** One sender on a clock of its own, whose users begin one iteration each and never end it. */
export class LoneSender {
  /** Monotonic ms at which users began. */
  readonly starts: number[] = [];
  readonly #clock = new TestClock();
  readonly #wakes = new Set<() => void>();
  #edit: LiveEdit | null = null;
  #made = 0;

  /** Starts an executor at 0. */
  async run(executor: Executor): Promise<{ readonly over: Promise<void> }> {
    const over = executor.run(this.#context());
    await this.advance(0);
    return { over };
  }

  async advance(ms: number): Promise<void> {
    await nextTurn();
    this.#clock.advance(ms);
    await nextTurn();
  }

  edit(edit: LiveEdit): void {
    this.#edit = edit;
    for (const wake of this.#wakes) wake();
  }

  #context(): ExecutorContext {
    const clock = this.#clock;
    return {
      clock,
      random: seededRandom(3),
      pacer: { until: () => Promise.resolve(), wake: none, close: () => Promise.resolve() },
      startMs: 0,
      seed: 3,
      worker: 0,
      workers: 1,
      edit: () => this.#edit,
      pause: (waitMs) =>
        new Promise((resolve) => {
          this.#wakes.add(resolve);
          clock.after(waitMs, resolve);
        }),
      stopped: () => false,
      user: (ended) => new Vu(0, this.#made++, ended),
      holds: none,
      start: () => void this.starts.push(clock.monotonicMs()),
      underWay: () => this.starts.length,
      released: none,
      event: none,
      lose: none,
      enterPhase: none,
      nextStep: () => Promise.resolve(null),
    };
  }
}
