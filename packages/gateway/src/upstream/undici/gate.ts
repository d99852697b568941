import type { Clock, Timer } from "@loadline/kit/clock";

/** Something that waits for its turn. */
export interface Entrant {
  /** Its turn has come: it holds a place until `leave`. */
  begin(): void;
  /** It gets no place. */
  refuse(why: string): void;
  /** There are no places any more. */
  shut(): void;
}

export interface GateOptions {
  /** Places. */
  readonly max: number;
  readonly queueMax: number;
  readonly queueWaitMs: number;
  readonly clock: Clock;
}

interface Waiting {
  readonly entrant: Entrant;
  readonly timer: Timer;
}

/** So many at once and no more; a bounded queue waits in order of arrival, each for a bounded time. */
export class Gate {
  readonly #o: GateOptions;
  #free: number;
  #queue: Waiting[] = [];

  constructor(o: GateOptions) {
    this.#o = o;
    this.#free = o.max;
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** Begins the entrant now or later, or refuses it. */
  enter(entrant: Entrant): void {
    const { queueMax, queueWaitMs, clock } = this.#o;
    if (this.#free > 0) {
      this.#free--;
      entrant.begin();
    } else if (this.#queue.length >= queueMax) {
      entrant.refuse(`${this.#queue.length} requests wait already`);
    } else {
      const timer = clock.after(queueWaitMs, () => {
        if (this.drop(entrant)) entrant.refuse(`no connection within ${queueWaitMs} ms`);
      });
      this.#queue.push({ entrant, timer });
    }
  }

  /** Gives back the place of one that had begun; the next in the queue takes it. */
  leave(): void {
    const next = this.#queue.shift();
    if (!next) {
      this.#free++;
      return;
    }
    next.timer.cancel();
    next.entrant.begin();
  }

  /** Takes one out of the queue; false: it was not in it. */
  drop(entrant: Entrant): boolean {
    const at = this.#queue.findIndex((waiting) => waiting.entrant === entrant);
    if (at < 0) return false;
    this.#queue.splice(at, 1)[0]?.timer.cancel();
    return true;
  }

  /** Shuts out all that wait. */
  close(): void {
    for (const { entrant, timer } of this.#queue.splice(0)) {
      timer.cancel();
      entrant.shut();
    }
  }
}
