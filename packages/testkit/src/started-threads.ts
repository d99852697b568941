import type { Worker } from "node:worker_threads";

/** Threads that this one starts while it is looked at. */
export interface StartedThreads extends Disposable {
  readonly count: number;
  /** Those of them that are not gone. */
  readonly running: number;
}

/** Looks at every thread started from here on; threads of threads are not seen. */
export function watchThreads(): StartedThreads {
  const threads: Worker[] = [];
  const onThread = (thread: Worker): void => void threads.push(thread);
  process.on("worker", onThread);
  return {
    get count() {
      return threads.length;
    },
    get running() {
      return threads.filter(({ threadId }) => threadId !== -1).length;
    },
    [Symbol.dispose]: () => void process.off("worker", onThread),
  };
}
