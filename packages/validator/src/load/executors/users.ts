import type { ExecutorContext } from "./executor.ts";

/** A closed loop on a target that refuses at once would spin: pause before the next try. */
const refusedPauseMs = 100;

/** Virtual users: each asks, waits for its answer, thinks, asks again. */
export class Users {
  readonly #x: ExecutorContext;
  readonly #thinkMs: number;
  #wanted = 0;
  #running = 0;

  constructor(x: ExecutorContext, thinkMs: number) {
    this.#x = x;
    this.#thinkMs = thinkMs;
  }

  /** Starts users up to `count`, or lets the surplus leave after their answer. */
  want(count: number, jitterMs: number): void {
    this.#wanted = count;
    while (this.#running < count) {
      this.#running++;
      // Users in lock-step would queue behind each other and pose as slow first tokens.
      this.#later(this.#x.random.unit() * jitterMs);
    }
  }

  #later(delayMs: number): void {
    if (delayMs < 1) this.#ask();
    else this.#x.clock.after(delayMs, () => this.#ask());
  }

  #ask(): void {
    if (this.#running > this.#wanted || this.#x.stopped()) {
      this.#running--;
      return;
    }
    const answered = (failedFast: boolean): void =>
      this.#later(failedFast ? Math.max(refusedPauseMs, this.#thinkMs) : this.#thinkMs);
    this.#x.request(this.#x.clock.monotonicMs(), answered);
  }
}
