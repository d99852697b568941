import { connect } from "node:net";
import { LoadlineError } from "@loadline/kit/errors";
import type { ModelHost } from "../../models/index.ts";
import { startModelHost } from "../../models/index.ts";
import { createHttp1Upstream } from "../../upstream/http1.ts";
import type { Upstream, UpstreamOperation } from "../../upstream/upstream.ts";
import type { ProviderDeps } from "../provider.ts";
import type { LocalSettings } from "./index.ts";

export interface LocalUpstreamOptions extends LocalSettings {
  readonly socketPath: string;
  readonly paths: Readonly<Partial<Record<UpstreamOperation, string>>>;
  readonly idleMs: number;
}

/** Waits between starts after a crash: the first at once, then doubling to the last. */
const restartDelaysMs = [0, 500, 1000, 2000, 4000, 8000, 16_000, 30_000] as const;
/** A host that lived this long begins again with the first delay. */
const stableMs = 60_000;

/** An upstream whose server is a model host; a crashed one is started again. */
export function createLocalUpstream(o: LocalUpstreamOptions, deps: ProviderDeps): Upstream {
  const { clock, logger } = deps;
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, deps.signal]);
  let host: ModelHost | undefined;

  const live = async (): Promise<void> => {
    host = await startModelHost({
      modelPath: o.path,
      modelName: o.model,
      socketPath: o.socketPath,
      threads: o.threads,
      sequences: o.sequences,
      contextTokens: o.contextTokens,
      queueMax: o.queueMax,
      idleMs: o.idleMs,
      clock,
      logger,
      signal,
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    host.onExit((exit) => {
      host = undefined;
      if (!exit.wanted) logger.error("model host ended", { model: o.model, ...describeExit(exit) });
      resolve();
    });
    await promise;
  };

  const supervise = async (): Promise<void> => {
    for (let crashes = 0; !signal.aborted; crashes++) {
      const startedMs = clock.monotonicMs();
      try {
        await live();
      } catch (error) {
        if (signal.aborted) return;
        const code = error instanceof LoadlineError ? error.code : "LL_MODEL_HOST_EXIT";
        const text = error instanceof Error ? error.message : String(error);
        logger.error("model host failed", { model: o.model, code, text });
        if (error instanceof LoadlineError && !error.row.retryable) return;
      }
      if (clock.monotonicMs() - startedMs > stableMs) crashes = 0;
      const delayMs = restartDelaysMs[Math.min(crashes, restartDelaysMs.length - 1)] ?? 0;
      if (signal.aborted || !(await slept(delayMs))) return;
    }
  };

  /** False when the upstream was closed meanwhile. */
  const slept = (delayMs: number): Promise<boolean> =>
    clock.sleep(delayMs, signal).then(
      () => true,
      () => false,
    );

  const ended = supervise();
  const upstream = createHttp1Upstream({
    connect: () => connect(o.socketPath),
    host: "localhost",
    paths: o.paths,
    headers: [],
    connectionsMax: o.sequences + o.queueMax + 1,
    connectTimeoutMs: deps.connectTimeoutMs,
    clock,
  });
  return {
    call: (request, sink) => upstream.call(request, sink),
    isReady: () => host?.state === "ready",
    async close() {
      await upstream.close();
      stop.abort(new Error("closed"));
      await host?.close();
      await ended;
    },
  };
}

function describeExit(exit: { code: number | null; signal: string | null }): {
  exitCode: number;
  exitSignal: string;
} {
  return { exitCode: exit.code ?? -1, exitSignal: exit.signal ?? "none" };
}
