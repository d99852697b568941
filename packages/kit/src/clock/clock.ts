export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall clock, ms since the epoch. For documents only, never for durations. */
  wallMs(): number;
  /** Monotonic ms with fraction, same origin in every thread of the machine. */
  monotonicMs(): number;
  /** Calls `run` once after `delayMs`; the timer does not keep the process alive when `unref`. */
  after(delayMs: number, run: () => void, o?: { unref?: boolean }): Timer;
  /** Resolves after `delayMs`; rejects with the signal's reason when it aborts first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** Whole monotonic microseconds, as limiters count. */
export function monotonicUs(clock: Pick<Clock, "monotonicMs">): number {
  return Math.floor(clock.monotonicMs() * 1000);
}

/** UTC ISO 8601 with milliseconds. */
export function isoTime(clock: Clock): string {
  return new Date(clock.wallMs()).toISOString();
}
