import type { Clock, Timer } from "./clock.ts";

/** The machine's clocks. `hrtime` has one origin for all threads, `performance.now()` has not. */
export function systemClock(): Clock {
  const after = (delayMs: number, run: () => void, o?: { unref?: boolean }): Timer => {
    const handle = setTimeout(run, delayMs);
    if (o?.unref) handle.unref();
    return { cancel: () => clearTimeout(handle) };
  };
  return {
    wallMs: () => Date.now(),
    monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
    after,
    sleep: (delayMs, signal) => sleepWith(after, delayMs, signal),
  };
}

export function sleepWith(
  after: Clock["after"],
  delayMs: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
