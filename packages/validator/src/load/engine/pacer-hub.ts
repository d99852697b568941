import type { Clock } from "@loadline/kit/clock";
import type { Pacer } from "./pacer.ts";

interface Wait {
  readonly owner: Pacer;
  readonly dueMs: number;
  readonly resolve: () => void;
}

/** Lets several scenarios of one sender wait on one pacer: its thread sleeps until the first of them. */
export class PacerHub {
  readonly #pacer: Pacer;
  readonly #clock: Clock;
  /** At most one per scenario. */
  readonly #waits = new Set<Wait>();
  #running = false;
  #earliestMs = Number.POSITIVE_INFINITY;

  constructor(pacer: Pacer, clock: Clock) {
    this.#pacer = pacer;
    this.#clock = clock;
  }

  /** A pacer for one scenario. Closing it closes nothing: the hub's own is closed by its maker. */
  member(): Pacer {
    const member: Pacer = {
      until: (dueMs) =>
        new Promise((resolve) => {
          this.#waits.add({ owner: member, dueMs, resolve });
          if (dueMs < this.#earliestMs && this.#running) this.#pacer.wake();
          if (!this.#running) void this.#run();
        }),
      wake: () => {
        for (const wait of this.#waits) if (wait.owner === member) this.#release(wait);
        if (this.#running) this.#pacer.wake();
      },
      close: () => Promise.resolve(),
    };
    return member;
  }

  /** Ends with the last wait. */
  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waits.size > 0) {
      this.#earliestMs = this.#first()?.dueMs ?? Number.POSITIVE_INFINITY;
      await this.#pacer.until(this.#earliestMs);
      const nowMs = this.#clock.monotonicMs() + closeEnoughMs;
      // Late, several are due at once: each is let go in the order of its time.
      for (let next = this.#first(); next && next.dueMs <= nowMs; next = this.#first()) {
        this.#release(next);
      }
    }
    this.#earliestMs = Number.POSITIVE_INFINITY;
    this.#running = false;
  }

  #first(): Wait | undefined {
    let first: Wait | undefined;
    for (const wait of this.#waits) if (!first || wait.dueMs < first.dueMs) first = wait;
    return first;
  }

  #release(wait: Wait): void {
    this.#waits.delete(wait);
    wait.resolve();
  }
}

/** The thread wakes up to 20 us early, see pacer-thread.ts. */
const closeEnoughMs = 0.02;
