import type { Clock, Timer } from "@loadline/kit/clock";

/** The loop was blocked: answers may lie in the socket unread. */
const lateMs = 5;
const graceMs = 3;

/** A call under way. It is kept until its deadline, so it lets go of its caller once it is done. */
export class Waiting {
  readonly deadlineMs: number;
  #resolve: ((answer: unknown) => void) | undefined;

  constructor(deadlineMs: number, resolve: (answer: unknown) => void) {
    this.deadlineMs = deadlineMs;
    this.#resolve = resolve;
  }

  get isDone(): boolean {
    return this.#resolve === undefined;
  }

  end(answer: unknown): void {
    this.#resolve?.(answer);
    this.#resolve = undefined;
  }
}

export interface Deadlines {
  /** Calls that are kept, done or not. */
  readonly kept: number;
  add(entry: Waiting): void;
  close(): void;
}

/** So many are kept before those that are done are looked for. */
const sweptFrom = 64;

/** Deadlines that all lie equally far ahead: one timer, for the oldest that is not done. */
export function createDeadlines(clock: Clock): Deadlines {
  let queue: Waiting[] = [];
  let timer: Timer | undefined;
  let isGrace = false;
  let sweepAt = sweptFrom;
  const sweep = (): void => {
    queue = queue.filter((entry) => !entry.isDone);
    sweepAt = Math.max(sweptFrom, 2 * queue.length);
  };
  const arm = (delayMs: number): void => {
    timer = clock.after(delayMs, tick, { unref: true });
  };
  const tick = (): void => {
    timer = undefined;
    const nowMs = clock.monotonicMs();
    const first = queue.find((entry) => !entry.isDone);
    if (first && nowMs - first.deadlineMs > lateMs && !isGrace) {
      isGrace = true;
      arm(graceMs);
      return;
    }
    isGrace = false;
    for (const entry of queue) {
      if (entry.deadlineMs <= nowMs) entry.end(undefined);
    }
    sweep();
    const next = queue[0];
    if (next && !timer) arm(Math.max(1, next.deadlineMs - nowMs));
  };
  return {
    get kept() {
      return queue.length;
    },
    add(entry) {
      if (queue.length >= sweepAt) sweep();
      queue.push(entry);
      if (!timer) arm(Math.max(1, entry.deadlineMs - clock.monotonicMs()));
    },
    close: () => timer?.cancel(),
  };
}
