import type { Clock, Timer } from "./clock.ts";

const pairedReads = 200;

/**
 * What to add to this thread's `performance.now()` for the machine's one origin: the tightest of
 * paired reads. Reading `hrtime` itself each time makes a big integer of every stamp.
 */
function originMs(): number {
  let tightestMs = Number.POSITIVE_INFINITY;
  let offsetMs = 0;
  for (let i = 0; i < pairedReads; i++) {
    const before = performance.now();
    const machineMs = Number(process.hrtime.bigint()) / 1e6;
    const after = performance.now();
    if (after - before >= tightestMs) continue;
    tightestMs = after - before;
    offsetMs = machineMs - (before + after) / 2;
  }
  return offsetMs;
}

/** The longest wait that a timer of the system knows: with a longer one it fires at once. */
const timerMsMax = 2 ** 31 - 1;

function systemAfter(delayMs: number, run: () => void, o?: { unref?: boolean }): Timer {
  let handle: ReturnType<typeof setTimeout>;
  const wait = (leftMs: number): void => {
    const isLong = leftMs > timerMsMax;
    handle = isLong ? setTimeout(wait, timerMsMax, leftMs - timerMsMax) : setTimeout(run, leftMs);
    if (o?.unref) handle.unref();
  };
  wait(delayMs);
  return { cancel: () => clearTimeout(handle) };
}

/** The machine's clocks. `hrtime` has one origin for all threads, `performance.now()` has not. */
export function systemClock(): Clock {
  const offsetMs = originMs();
  return {
    wallMs: () => Date.now(),
    monotonicMs: () => performance.now() + offsetMs,
    after: systemAfter,
    sleep: (delayMs, signal) => sleepWith(systemAfter, delayMs, signal),
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
