import type { Clock } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import type { ModelHost } from "./start-model-host.ts";

export interface SuperviseDeps {
  /** Starts one host; rejects when it cannot serve. */
  readonly start: () => Promise<ModelHost>;
  readonly clock: Clock;
  readonly logger: { error(event: string, fields?: Readonly<Record<string, string>>): void };
  /** Ends the supervision; the host itself ends by the same signal. */
  readonly signal: AbortSignal;
  /** A host began or ceased to serve. */
  readonly onChange?: (() => void) | undefined;
}

export interface Supervision {
  /** The host that serves now, if any. */
  readonly host: ModelHost | undefined;
  /** Resolves when nothing will be started any more. */
  readonly ended: Promise<void>;
}

/** Waits before the next start, by crashes in a row; the last one repeats. */
const restartDelaysMs = [0, 500, 1000, 2000, 4000, 8000, 16_000, 30_000] as const;
/** Each second of service forgives one crash: what dies at once waits longer, what serves does not. */
const forgivenPerMs = 1 / 1000;

/**
 * Keeps one model host alive. A crash, a kill or a slow start is tried again after a growing wait; an
 * error that no retry can cure, such as a damaged file, ends the supervision.
 */
export function superviseHost(deps: SuperviseDeps): Supervision {
  let host: ModelHost | undefined;

  /** One life of a host: ms served, or undefined when another start is of no use. */
  const live = async (): Promise<number | undefined> => {
    try {
      const started = await deps.start();
      const servingMs = deps.clock.monotonicMs();
      const { promise, resolve } = Promise.withResolvers<string>();
      started.onExit((exit) => resolve(exit.signal ?? `exit code ${exit.code ?? "unknown"}`));
      host = started;
      deps.onChange?.();
      const reason = await promise;
      if (!deps.signal.aborted) deps.logger.error("model host ended", { reason });
      return deps.clock.monotonicMs() - servingMs;
    } catch (error) {
      if (deps.signal.aborted) return undefined;
      const text = error instanceof Error ? error.message : String(error);
      const code = error instanceof LoadlineError ? error.code : "LL_MODEL_HOST_EXIT";
      deps.logger.error("model host failed", { code, text });
      return !(error instanceof LoadlineError) || error.row.retryable ? 0 : undefined;
    } finally {
      host = undefined;
      deps.onChange?.();
    }
  };

  const run = async (): Promise<void> => {
    let crashes = 0;
    while (!deps.signal.aborted) {
      const servedMs = await live();
      if (servedMs === undefined) return;
      crashes = Math.max(0, crashes - Math.floor(servedMs * forgivenPerMs));
      if (!(await waited(deps, delayAfter(crashes++)))) return;
    }
  };

  const ended = run();
  return {
    get host() {
      return host;
    },
    ended,
  };
}

function delayAfter(crashes: number): number {
  return restartDelaysMs[Math.min(crashes, restartDelaysMs.length - 1)] ?? 0;
}

/** False when the signal came first. */
function waited(deps: SuperviseDeps, delayMs: number): Promise<boolean> {
  return deps.clock.sleep(delayMs, deps.signal).then(
    () => true,
    () => false,
  );
}
