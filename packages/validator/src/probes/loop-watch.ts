import { monitorEventLoopDelay } from "node:perf_hooks";

/** The watch's own sampling period, part of every delay it sees. */
const resolutionMs = 5;

export interface LoopWatch extends Disposable {
  /** The longest this thread's loop stood since the watch began, ms. */
  longestMs(): number;
}

/** Watches the loop of the current thread until it is disposed of. */
export function watchLoop(): LoopWatch {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  return {
    longestMs: () => Math.max(0, delays.max / 1e6 - resolutionMs),
    [Symbol.dispose]: () => void delays.disable(),
  };
}
