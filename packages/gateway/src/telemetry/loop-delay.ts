import type { Clock, Timer } from "@loadline/kit/clock";
import type { Metrics } from "@loadline/kit/metrics";

/** How late the event loop comes to what is due. */
export interface LoopDelay {
  /** More than 100 ms late, each time, for `lateForMs` or longer; a single long pause is not it. */
  readonly isOverloaded: boolean;
}

const everyMs = 50;
const lateMs = 100;
const bounds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Looks every 50 ms until `signal` aborts; the timer keeps no process alive. 0: never overloaded. */
export function watchLoop(
  clock: Clock,
  metrics: Metrics,
  o: { readonly signal?: AbortSignal | undefined; readonly lateForMs: number },
): LoopDelay {
  const { signal, lateForMs } = o;
  const delays = metrics.histogram(
    "loadline_event_loop_delay_seconds",
    "How late the event loop was, looked at every 50 ms.",
    {},
    bounds,
  );
  const shed = metrics.gauge("loadline_overloaded", "1 while model requests are refused.", {});
  let lateSinceMs = -1;
  let isOverloaded = false;
  let dueMs = clock.monotonicMs() + everyMs;
  let timer: Timer | undefined;
  const tick = (): void => {
    const nowMs = clock.monotonicMs();
    const delayMs = Math.max(0, nowMs - dueMs);
    delays.observe(0, delayMs / 1000);
    if (delayMs <= lateMs) lateSinceMs = -1;
    else if (lateSinceMs < 0) lateSinceMs = nowMs;
    isOverloaded = lateForMs > 0 && lateSinceMs >= 0 && nowMs - lateSinceMs >= lateForMs;
    arm(nowMs);
  };
  const arm = (nowMs: number): void => {
    dueMs = nowMs + everyMs;
    timer = clock.after(everyMs, tick, { unref: true });
  };
  if (signal?.aborted !== true) arm(clock.monotonicMs());
  signal?.addEventListener("abort", () => timer?.cancel(), { once: true });
  metrics.onRender(() => shed.set(0, isOverloaded ? 1 : 0));
  return {
    get isOverloaded() {
      return isOverloaded;
    },
  };
}
