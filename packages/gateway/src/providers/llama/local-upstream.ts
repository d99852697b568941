import { connect } from "node:net";
import type { ModelHostOptions } from "../../models/index.ts";
import { startModelHost } from "../../models/index.ts";
import { createHttp1Upstream } from "../../upstream/http1.ts";
import type { Upstream, UpstreamOperation } from "../../upstream/upstream.ts";
import type { ProviderDeps } from "../provider.ts";
import { type Supervision, superviseHost } from "./supervise.ts";

export interface LocalUpstreamOptions {
  readonly host: Omit<ModelHostOptions, "clock" | "logger" | "signal">;
  readonly paths: Readonly<Partial<Record<UpstreamOperation, string>>>;
  readonly connectionsMax: number;
  /** Whether the host is started only when a warm pool needs it. */
  readonly isStandby: boolean;
}

/** An upstream whose server is a model host of our own; a crashed one is started again. */
export function createLocalUpstream(o: LocalUpstreamOptions, deps: ProviderDeps): Upstream {
  const { clock, logger } = deps;
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, deps.signal]);
  const start = () => startModelHost({ ...o.host, clock, logger, signal });
  const supervise = (): Supervision => superviseHost({ start, clock, logger, signal });
  let supervision = o.isStandby ? undefined : supervise();
  const upstream = createHttp1Upstream({
    connect: (onread) => connect({ path: o.host.socketPath, onread }),
    host: "localhost",
    paths: o.paths,
    headers: [],
    connectionsMax: o.connectionsMax,
    connectTimeoutMs: deps.connectTimeoutMs,
    clock,
  });
  return {
    call: (request, sink) => upstream.call(request, sink),
    keys: [],
    isReady: () => supervision?.host?.state === "ready",
    get isStandby() {
      return supervision === undefined;
    },
    start: () => void (supervision ??= supervise()),
    async close() {
      await upstream.close();
      stop.abort(new Error("closed"));
      await supervision?.host?.close();
      await supervision?.ended;
    },
  };
}
