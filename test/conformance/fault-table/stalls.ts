import type { Clock } from "@loadline/kit/clock";
import { cpuWaitedMs } from "../../integration/machine.ts";

const tickMs = 5;

export interface Stalls extends Disposable {
  /** The longest that anything here was held up since the start, ms. */
  worstMs(): number;
  /** For how long this process alone was held up at once, ms; at most `worstMs`. */
  heldMs(): number;
}

/** Watches how late this process comes to its own timers, and how long others waited for a CPU. */
export function watchStalls(clock: Clock): Stalls {
  const waitedMs = cpuWaitedMs();
  let lastMs = clock.monotonicMs();
  let heldMs = 0;
  const look = (): void => {
    const nowMs = clock.monotonicMs();
    heldMs = Math.max(heldMs, nowMs - lastMs - tickMs);
    lastMs = nowMs;
  };
  const tick = (): void => {
    look();
    timer = clock.after(tickMs, tick);
  };
  let timer = clock.after(tickMs, tick);
  return {
    worstMs() {
      look();
      return Math.max(heldMs, cpuWaitedMs() - waitedMs);
    },
    heldMs() {
      look();
      return heldMs;
    },
    [Symbol.dispose]: () => timer.cancel(),
  };
}
