import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type Clock, systemClock } from "@loadline/kit/clock";
import { endThread } from "@loadline/kit/threads";

/** A stall is waited for: the thread hears nothing meanwhile. */
const endMs = 2000;

export interface StallPlan {
  /** Every answer waits this long. */
  readonly delayMs: number;
  /** The whole server stands still for this long, 0 never. */
  readonly stallMs: number;
  readonly everyMs: number;
}

export interface StallServer extends AsyncDisposable {
  readonly url: string;
}

/**
 * Answers `GET` requests with 200, in a thread whose stalls stop nothing but itself. Disposed of, it
 * cuts what is open and ends; `clock` bounds how long that may take.
 */
export async function startStallServer(
  plan: StallPlan,
  clock: Clock = systemClock(),
): Promise<StallServer> {
  const worker = new Worker(new URL("./stall-thread.ts", import.meta.url), { workerData: plan });
  const [port] = (await once(worker, "message")) as [unknown];
  return {
    url: `http://127.0.0.1:${String(port)}`,
    [Symbol.asyncDispose]: async () => {
      const ask = (): void => worker.postMessage("end");
      await endThread(worker, { clock, withinMs: endMs, ask });
    },
  };
}
