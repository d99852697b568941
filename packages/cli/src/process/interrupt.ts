import type { CliHost } from "./host.ts";

export interface Interrupt extends Disposable {
  /** Aborted at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
}

/** npm and npx pass a terminal's signal on to a process that the terminal had told itself. */
const echoMs = 500;

/**
 * First Ctrl-C: `signal` aborts and the work ends cleanly. Second: the process ends at once. What
 * follows the first within half a second is the same one.
 */
export function watchInterrupt(host: CliHost, sayOnce: string): Interrupt {
  const controller = new AbortController();
  let firstMs = 0;
  const stop = (): void => {
    const nowMs = host.clock.monotonicMs();
    if (controller.signal.aborted) {
      if (nowMs - firstMs > echoMs) host.exit(130);
      return;
    }
    firstMs = nowMs;
    host.stderr.write(`${sayOnce}\n`);
    controller.abort(new DOMException("interrupted", "AbortError"));
  };
  const offInt = host.onSignal("SIGINT", stop);
  const offTerm = host.onSignal("SIGTERM", stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      offInt();
      offTerm();
    },
  };
}

/** Resolves when `signal` is aborted; at once when it already is. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
