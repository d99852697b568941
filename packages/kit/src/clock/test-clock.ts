import type { Clock, Timer } from "./clock.ts";
import { sleepWith } from "./system.ts";

/** A clock that stands still until a test advances it; timers fire in order of their due time. */
export class TestClock implements Clock {
  #nowMs = 0;
  #next = 0;
  readonly #startWallMs: number;
  readonly #timers = new Map<number, { dueMs: number; run: () => void }>();

  constructor(startWallMs = Date.UTC(2026, 0, 1)) {
    this.#startWallMs = startWallMs;
  }

  wallMs(): number {
    return this.#startWallMs + Math.floor(this.#nowMs);
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const id = this.#next++;
    this.#timers.set(id, { dueMs: this.#nowMs + Math.max(0, delayMs), run });
    return { cancel: () => void this.#timers.delete(id) };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepWith((ms, run) => this.after(ms, run), delayMs, signal);
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time forward, firing every timer that falls due, in order. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      let firstId = -1;
      let firstDueMs = Number.POSITIVE_INFINITY;
      for (const [id, timer] of this.#timers) {
        if (timer.dueMs <= untilMs && timer.dueMs < firstDueMs) {
          firstId = id;
          firstDueMs = timer.dueMs;
        }
      }
      const due = this.#timers.get(firstId);
      if (!due) break;
      this.#timers.delete(firstId);
      this.#nowMs = Math.max(this.#nowMs, due.dueMs);
      due.run();
    }
    this.#nowMs = untilMs;
  }
}
