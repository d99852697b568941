import type { CliHost } from "./host.ts";

export interface Interrupt extends Disposable {
  /** Aborted at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
}

/** First Ctrl-C: `signal` aborts and the work ends cleanly. Second: the process ends at once. */
export function watchInterrupt(host: CliHost, sayOnce: string): Interrupt {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) {
      host.exit(130);
      return;
    }
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
