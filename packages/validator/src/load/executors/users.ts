import type { IterationEnd } from "../engine/exec.ts";
import type { Vu } from "../engine/vu.ts";
import type { ExecutorContext } from "./executor.ts";

/** A closed loop on a target that refuses at once would spin: pause before the next try. */
const refusedPauseMs = 100;

/** Virtual users: each asks, waits for its answer, thinks, asks again. */
export class Users {
  readonly #x: ExecutorContext;
  readonly #thinkMs: number;
  readonly #free: Vu[] = [];
  #wanted = 0;
  #running = 0;
  #index: number;
  #starting: Vu | null = null;
  #exhausted = false;

  constructor(x: ExecutorContext, thinkMs: number) {
    this.#x = x;
    this.#thinkMs = thinkMs;
    this.#index = x.worker;
  }

  /** Starts users up to `count`, or lets the surplus leave after their answer. */
  want(count: number, jitterMs: number): void {
    this.#wanted = count;
    while (this.#running < count) {
      this.#running++;
      const vu = this.#free.pop() ?? this.#x.user((one, end) => this.#ended(one, end));
      // Users in lock-step would queue behind each other and pose as slow first tokens.
      this.#later(vu, this.#x.random.unit() * jitterMs);
    }
  }

  #later(vu: Vu, delayMs: number): void {
    // An iteration that ended within its own start waits for a turn of the loop.
    if (delayMs < 1 && this.#starting !== vu) this.#start(vu);
    else this.#x.clock.after(delayMs, () => this.#start(vu));
  }

  #start(vu: Vu): void {
    if (this.#running > this.#wanted || this.#exhausted || this.#x.stopped()) {
      this.#running--;
      this.#free.push(vu);
      return;
    }
    vu.index = this.#index;
    this.#index += this.#x.workers;
    vu.intendedMs = this.#x.clock.monotonicMs();
    vu.wakeMs = vu.intendedMs;
    this.#starting = vu;
    this.#x.start(vu);
    this.#starting = null;
  }

  #ended(vu: Vu, end: IterationEnd): void {
    if (end === "exhausted") this.#exhausted = true;
    const pauseMs = end === "refused" ? Math.max(refusedPauseMs, this.#thinkMs) : this.#thinkMs;
    this.#later(vu, pauseMs);
  }
}
