import type { IterationEnd } from "../engine/exec.ts";
import type { Vu } from "../engine/vu.ts";
import type { ExecutorContext } from "./executor.ts";

/** Whether the user goes on by itself: it is not free for another arrival then. */
export type KeepUser = (vu: Vu, end: IterationEnd) => boolean;

/** Arrivals of an open model find a free user, a new one, a place in the queue, or are dropped. */
export class OpenUsers {
  readonly #x: ExecutorContext;
  readonly #usersMax: number;
  readonly #queueMax: number;
  readonly #free: Vu[] = [];
  /** Index, intended and wake time of each waiting arrival, one after the other. */
  #queue: number[] = [];
  #head = 0;
  #users = 0;
  #exhausted = false;
  readonly #keep: KeepUser;

  /** `preAllocated`, `usersMax` and `queueMax` are of this worker. */
  constructor(
    x: ExecutorContext,
    o: { preAllocated: number; usersMax: number; queueMax: number },
    keep: KeepUser = () => false,
  ) {
    this.#x = x;
    this.#keep = keep;
    this.#usersMax = o.usersMax;
    this.#queueMax = o.queueMax;
    for (let i = 0; i < Math.min(o.preAllocated, o.usersMax); i++) this.#free.push(this.#create());
  }

  get queued(): number {
    return (this.#queue.length - this.#head) / 3;
  }

  /** An arrival, released by the pacer at `wakeMs`. */
  arrive(index: number, intendedMs: number, wakeMs: number): void {
    this.#x.released();
    // No row is left to work on: no further iteration is due.
    if (this.#exhausted) return;
    const vu = this.#free.pop() ?? (this.#users < this.#usersMax ? this.#create() : undefined);
    if (vu !== undefined) this.#run(vu, index, intendedMs, wakeMs);
    else if (this.queued < this.#queueMax) this.#queue.push(index, intendedMs, wakeMs);
    else this.#x.lose(index, intendedMs, "dropped");
  }

  /** What still waits gets no user any more. */
  close(): void {
    for (; this.#head < this.#queue.length; this.#head += 3) {
      const [index, intendedMs] = this.#queue.slice(this.#head, this.#head + 2);
      this.#x.lose(index ?? 0, intendedMs ?? 0, "unfinished");
    }
  }

  #create(): Vu {
    this.#users++;
    return this.#x.user((vu, end) => this.#ended(vu, end));
  }

  #ended(vu: Vu, end: IterationEnd): void {
    if (end === "exhausted") {
      this.#exhausted = true;
      this.#head = this.#queue.length;
    }
    if (this.#keep(vu, end)) return;
    if (this.#head === this.#queue.length) {
      this.#free.push(vu);
      return;
    }
    const head = this.#head;
    this.#head += 3;
    const index = this.#queue[head] ?? 0;
    const intendedMs = this.#queue[head + 1] ?? 0;
    const wakeMs = this.#queue[head + 2] ?? 0;
    if (this.#head > 3072 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    this.#run(vu, index, intendedMs, wakeMs);
  }

  #run(vu: Vu, index: number, intendedMs: number, wakeMs: number): void {
    vu.index = index;
    vu.turn = 0;
    vu.intendedMs = intendedMs;
    vu.wakeMs = wakeMs;
    this.#x.start(vu);
  }
}
