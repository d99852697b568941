import type { Clock, Timer } from "@loadline/kit/clock";
import { createRoster, type Placed } from "@loadline/kit/roster";

/** Something with a deadline in monotonic ms. */
export interface Watched extends Placed {
  deadlineMs: number;
  onDeadline(): void;
}

export interface Watch<T extends Watched = Watched> {
  add(watched: T): void;
  remove(watched: T): void;
  /** Calls `run` for all that is watched now; `run` may remove any of them. */
  each(run: (watched: T) => void): void;
  /** Monotonic ms, at most one tick old while anything is watched. */
  readonly nowMs: number;
}

const tickMs = 50;

/**
 * Deadlines of everything under way on one 50 ms tick: setting one is an assignment, with no timer
 * per request. The tick rests while nothing is watched.
 */
export function createWatch<T extends Watched = Watched>(clock: Clock): Watch<T> {
  const all = createRoster<T>();
  let timer: Timer | undefined;
  let nowMs = 0;
  const tick = (): void => {
    nowMs = clock.monotonicMs();
    timer = all.size > 0 ? clock.after(tickMs, tick, { unref: true }) : undefined;
    all.each((watched) => {
      if (watched.deadlineMs <= nowMs) watched.onDeadline();
    });
  };
  return {
    add(watched) {
      if (!timer) {
        nowMs = clock.monotonicMs();
        timer = clock.after(tickMs, tick, { unref: true });
      }
      all.add(watched);
    },
    remove: (watched) => all.remove(watched),
    each: (run) => all.each(run),
    get nowMs() {
      return nowMs;
    },
  };
}
