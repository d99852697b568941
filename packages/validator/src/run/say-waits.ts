import type { Clock, Timer } from "@loadline/kit/clock";

const sayEveryMs = 1_000;

/** Does `work`; once a second until it ends `say` is told how long it took so far, in ms. */
export async function sayWaits<T>(
  clock: Clock,
  say: (waitedMs: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  const startedMs = clock.monotonicMs();
  let timer: Timer | undefined;
  const next = (): void => {
    timer = clock.after(sayEveryMs, () => {
      say(clock.monotonicMs() - startedMs);
      next();
    });
  };
  next();
  try {
    return await work();
  } finally {
    timer?.cancel();
  }
}
