import type { Worker } from "node:worker_threads";
import type { Clock } from "../clock/clock.ts";

/** How a thread came to its end. */
export type ThreadEnd = "by itself" | "terminated";

export interface EndThreadTerms {
  readonly clock: Clock;
  /** Longest wait for the thread to end by itself, in ms. */
  readonly withinMs: number;
  /** Tells the thread to end; left out for one that ends when its work is done. */
  readonly ask?: () => void;
}

/** What `Worker.threadId` says of a thread that is gone. */
const goneId = -1;

/**
 * Asks the thread to end, waits up to `withinMs` for it and terminates it only then; resolves once
 * the thread is gone, at once when it already was. Until then it keeps the process alive.
 */
export async function endThread(
  worker: Worker,
  { clock, withinMs, ask }: EndThreadTerms,
): Promise<ThreadEnd> {
  if (worker.threadId === goneId) return "by itself";
  const ended = Promise.withResolvers<boolean>();
  const onExit = (): void => ended.resolve(true);
  worker.once("exit", onExit);
  const late = clock.after(withinMs, () => ended.resolve(false));
  ask?.();
  const isGone = await ended.promise;
  late.cancel();
  worker.off("exit", onExit);
  if (isGone) return "by itself";
  await worker.terminate();
  return "terminated";
}
