/**
 * How a thread is ended: it is asked, waited for, and stopped from outside only when it does not
 * listen. A thread stopped from outside may be in the middle of the engine's own work on shared
 * memory of the process, such as its table of compiled code; one that ends by itself is not.
 *
 * ```ts
 * const ask = (): void => worker.postMessage({ type: "stop" }); // the thread closes its port
 * await endThread(worker, { clock, withinMs: 1000, ask });
 * ```
 */
export { endThread, type EndThreadTerms, type ThreadEnd } from "./end-thread.ts";
