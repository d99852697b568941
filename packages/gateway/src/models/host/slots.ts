import type { Clock, Timer } from "@loadline/kit/clock";
import { modelErrors } from "../error-table.ts";

/** A fixed number of things to borrow, with a bounded and timed queue in order of arrival. */
export interface Slots<T> {
  /** Rejects with `LL_MODEL_BUSY` when the queue is full or the wait is over, or the signal's reason. */
  take(signal: AbortSignal): Promise<T>;
  give(item: T): void;
  readonly busy: number;
  readonly queued: number;
}

export interface SlotsOptions {
  readonly queueMax: number;
  readonly queueWaitMs: number;
  readonly clock: Clock;
}

interface Waiter<T> {
  readonly resolve: (item: T) => void;
  readonly timer: Timer;
  readonly forget: () => void;
}

export function createSlots<T>(items: readonly T[], o: SlotsOptions): Slots<T> {
  const free = [...items];
  const waiters: Waiter<T>[] = [];

  const wait = (signal: AbortSignal): Promise<T> => {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const leave = (reason: unknown): void => {
      const at = waiters.indexOf(waiter);
      if (at < 0) return;
      waiters.splice(at, 1);
      waiter.timer.cancel();
      waiter.forget();
      reject(reason);
    };
    const onAbort = (): void => leave(signal.reason);
    const waiter: Waiter<T> = {
      resolve,
      timer: o.clock.after(o.queueWaitMs, () => leave(busyError(o.queueWaitMs))),
      forget: () => signal.removeEventListener("abort", onAbort),
    };
    signal.addEventListener("abort", onAbort, { once: true });
    waiters.push(waiter);
    return promise;
  };

  return {
    async take(signal) {
      signal.throwIfAborted();
      const item = free.pop();
      if (item !== undefined) return item;
      if (waiters.length >= o.queueMax) throw busyError(o.queueWaitMs);
      return await wait(signal);
    },
    give(item) {
      const next = waiters.shift();
      if (next === undefined) {
        free.push(item);
        return;
      }
      next.timer.cancel();
      next.forget();
      next.resolve(item);
    },
    get busy() {
      return items.length - free.length;
    },
    get queued() {
      return waiters.length;
    },
  };
}

function busyError(retryAfterMs: number): Error {
  return modelErrors.make("LL_MODEL_BUSY", undefined, { retryAfterMs });
}
