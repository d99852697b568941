import type { Clock, Timer } from "@loadline/kit/clock";

const lookMs = 10;
/** Stands that ended before are forgotten. */
const keptMs = 120_000;

export interface LoopWatch extends Disposable {
  /** The longest this thread's loop stood, ms, of the stands that ended at `sinceMs` or later. */
  longestMs(sinceMs: number): number;
  /** Does work of ours for which the loop stands: that tells nothing of the machine, and is not counted. */
  own<T>(work: () => T): T;
}

/** Watches the loop of the current thread until it is disposed of; keeps no process alive. */
export function watchLoop(clock: Clock): LoopWatch {
  let stands: { readonly endMs: number; readonly longMs: number }[] = [];
  let lookedMs = clock.monotonicMs();
  let ownMs = 0;
  let timer: Timer | undefined;
  const look = (): void => {
    const endMs = clock.monotonicMs();
    const longMs = endMs - lookedMs - lookMs - ownMs;
    if (longMs > 0) {
      stands = stands.filter((one) => one.endMs >= endMs - keptMs);
      stands.push({ endMs, longMs });
    }
    lookedMs = endMs;
    ownMs = 0;
  };
  const next = (): void => {
    timer = clock.after(
      lookMs,
      () => {
        look();
        next();
      },
      { unref: true },
    );
  };
  next();
  return {
    longestMs(sinceMs) {
      look();
      const own = stands.filter(({ endMs }) => endMs >= sinceMs);
      return own.reduce((most, { longMs }) => Math.max(most, longMs), 0);
    },
    own(work) {
      const beganMs = clock.monotonicMs();
      try {
        return work();
      } finally {
        ownMs += clock.monotonicMs() - beganMs;
      }
    },
    [Symbol.dispose]: () => timer?.cancel(),
  };
}
