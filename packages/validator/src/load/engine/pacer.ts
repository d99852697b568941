import { Worker } from "node:worker_threads";
import type { Clock } from "@loadline/kit/clock";
import { endThread } from "@loadline/kit/threads";

/** Wakes the sender when a request falls due. */
export interface Pacer {
  /** Resolves at `dueMs` of the monotonic clock, or as soon after as the machine allows. */
  until(dueMs: number): Promise<void>;
  /** Ends the wait under way, if any, before its time. */
  wake(): void;
  /** Resolves when its thread, if it has one, is gone. */
  close(): Promise<void>;
}

/** Layout of the shared memory: two Int32 counters, then the due time. */
export const pacerBytes = 16;
export const pacerAsked = 0;
export const pacerWoken = 1;
export const pacerDueAt = 8;

/** For a thread that does nothing but wait for what it is asked. */
const endMs = 1500;

/** Longest wait within the loop of `precise`, in ms. */
const inLoopMs = 0.25;

/**
 * `pacer`: a thread that sleeps in `Atomics.wait` and wakes this one through `Atomics.waitAsync`,
 * so neither timer resolution nor a spin disturbs the stamps. `timer`: the loop's own timer.
 * `precise`: exact sends at the price of late stamps.
 */
export function createPacer(mode: "pacer" | "timer" | "precise", clock: Clock): Pacer {
  if (mode === "timer") return timerPacer(clock);
  return mode === "pacer" ? new ThreadPacer(clock) : precisePacer(clock);
}

/** Woken a little early, it waits for the rest in the loop: exact sends, late stamps. */
function precisePacer(clock: Clock): Pacer {
  const pacer = new ThreadPacer(clock);
  return {
    until: async (dueMs) => {
      await pacer.until(dueMs - inLoopMs);
      const untilMs = Math.min(dueMs, clock.monotonicMs() + 2 * inLoopMs);
      while (clock.monotonicMs() < untilMs);
    },
    wake: () => pacer.wake(),
    close: () => pacer.close(),
  };
}

function timerPacer(clock: Clock): Pacer {
  let woken = (): void => {};
  return {
    until: (dueMs) =>
      new Promise((resolve) => {
        const timer = clock.after(Math.max(1, dueMs - clock.monotonicMs()), resolve);
        woken = () => {
          timer.cancel();
          resolve();
        };
      }),
    wake: () => woken(),
    close: () => Promise.resolve(),
  };
}

class ThreadPacer implements Pacer {
  readonly #counters: Int32Array;
  readonly #due: Float64Array;
  readonly #worker: Worker;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
    const memory = new SharedArrayBuffer(pacerBytes);
    this.#counters = new Int32Array(memory, 0, 2);
    this.#due = new Float64Array(memory, pacerDueAt, 1);
    // It keeps the process until it is closed: a wait for it alone keeps nothing.
    this.#worker = new Worker(new URL("./pacer-thread.ts", import.meta.url), {
      workerData: memory,
    });
  }

  async until(dueMs: number): Promise<void> {
    const woken = Atomics.load(this.#counters, pacerWoken);
    this.#ask(dueMs);
    const waiting = Atomics.waitAsync(this.#counters, pacerWoken, woken);
    if (waiting.async) await waiting.value;
  }

  wake(): void {
    this.#ask(0);
  }

  async close(): Promise<void> {
    const ask = (): void => this.#ask(Number.NaN);
    await endThread(this.#worker, { clock: this.#clock, withinMs: endMs, ask });
  }

  #ask(dueMs: number): void {
    this.#due[0] = dueMs;
    Atomics.add(this.#counters, pacerAsked, 1);
    Atomics.notify(this.#counters, pacerAsked);
  }
}
