import type { IterationEnd } from "../engine/exec.ts";
import type { Vu } from "../engine/vu.ts";
import { drawPause } from "./closed-terms.ts";
import { type ExecutorContext, shareOf } from "./executor.ts";

/** A closed loop on a target that refuses at once would spin: pause before the next try. */
const refusedPauseMs = 100;

export interface UsersTerms {
  readonly thinkMs?: number | readonly [number, number];
  /** Iterations of all users of this worker together, default without end. */
  readonly budget?: number;
  /** Iterations of each user, default without end. */
  readonly budgetEach?: number;
  /** Monotonic ms from which none begins, default without end: a timer that says so may be late. */
  readonly untilMs?: number;
}

/** Virtual users: each asks, waits for its answer, thinks, asks again. */
export class Users {
  readonly #x: ExecutorContext;
  readonly #terms: UsersTerms;
  readonly #untilMs: number;
  readonly #free: Vu[] = [];
  readonly #done: number[] = [];
  #wanted = 0;
  #running = 0;
  #started = 0;
  #starting: Vu | null = null;
  #over = false;
  /** No row was left for another iteration: none is due then. */
  #exhausted = false;
  #idle: (() => void) | null = null;

  constructor(x: ExecutorContext, terms: UsersTerms) {
    this.#x = x;
    this.#terms = terms;
    this.#untilMs = terms.untilMs ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Starts this worker's share of `count` users, spread over `jitterMs`, or lets the surplus leave
   * after their iteration.
   */
  want(count: number, jitterMs: number): void {
    this.#wanted = shareOf(count, this.#x);
    while (this.#running < this.#wanted && !this.#over) {
      this.#running++;
      const vu = this.#free.pop() ?? this.#x.user((one, end) => this.#ended(one, end));
      this.#later(vu, this.#x.random.unit() * jitterMs);
    }
    this.#x.holds(this.#running);
    if (this.#running === 0) this.#idle?.();
  }

  /** Resolves when no user is left that could begin an iteration, or one's budget is spent. */
  async allLeft(): Promise<void> {
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => void (this.#idle = resolve));
  }

  /** Iterations of the budget that were not begun, of this many users of this worker; 0 without one. */
  missing(users: number): number {
    const { budget, budgetEach } = this.#terms;
    if (this.#exhausted) return 0;
    if (budget !== undefined) return Math.max(0, budget - this.#started);
    return budgetEach === undefined ? 0 : Math.max(0, budgetEach * users - this.#started);
  }

  #later(vu: Vu, delayMs: number): void {
    // An iteration that ended within its own start waits for a turn of the loop.
    if (delayMs < 1 && this.#starting !== vu) this.#start(vu);
    else this.#x.clock.after(delayMs, () => this.#start(vu));
  }

  #start(vu: Vu): void {
    const { budget = Number.POSITIVE_INFINITY, budgetEach = Number.POSITIVE_INFINITY } =
      this.#terms;
    const done = this.#done[vu.vu] ?? 0;
    const nowMs = this.#x.clock.monotonicMs();
    this.#over ||= this.#started >= budget || nowMs >= this.#untilMs;
    const surplus = this.#running > this.#wanted || done >= budgetEach;
    if (surplus || this.#over || this.#x.stopped()) {
      this.#running--;
      this.#x.holds(this.#running);
      if (done < budgetEach) this.#free.push(vu);
      if (this.#running === 0) this.#idle?.();
      return;
    }
    this.#done[vu.vu] = done + 1;
    this.#x.released();
    vu.index = this.#started++ * this.#x.workers + this.#x.worker;
    vu.intendedMs = nowMs;
    vu.wakeMs = nowMs;
    this.#starting = vu;
    this.#x.start(vu);
    this.#starting = null;
  }

  #ended(vu: Vu, end: IterationEnd): void {
    if (end === "exhausted") {
      this.#exhausted = true;
      this.#over = true;
    }
    const thinkMs = drawPause(this.#terms.thinkMs ?? 0, this.#x.random);
    if (end !== "refused") this.#later(vu, thinkMs);
    // Spread, so that users refused together do not come back together.
    else this.#later(vu, Math.max(refusedPauseMs * (0.75 + this.#x.random.unit() / 2), thinkMs));
  }
}
