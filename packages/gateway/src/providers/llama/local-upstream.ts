import { connect } from "node:net";
import type { Clock } from "@loadline/kit/clock";
import type { Hosting } from "../../models/index.ts";
import { createHttp1Upstream } from "../../upstream/http1.ts";
import type { Upstream, UpstreamOperation } from "../../upstream/upstream.ts";

export interface LocalUpstreamOptions {
  readonly hosting: Hosting;
  readonly paths: Readonly<Partial<Record<UpstreamOperation, string>>>;
  readonly connectionsMax: number;
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
}

/** An upstream whose server is a model host of our own. */
export function createLocalUpstream(o: LocalUpstreamOptions): Upstream {
  const { hosting, paths, connectionsMax, connectTimeoutMs, clock } = o;
  const upstream = createHttp1Upstream({
    connect: (onread) => connect({ path: hosting.socketPath, onread }),
    host: "localhost",
    paths,
    headers: [],
    connectionsMax,
    connectTimeoutMs,
    clock,
  });
  return {
    call: (request, sink) => upstream.call(request, sink),
    keys: [],
    isReady: () => hosting.isReady(),
    get isStandby() {
      return hosting.isStandby;
    },
    start: () => hosting.start(),
    async close() {
      await upstream.close();
      await hosting.close();
    },
  };
}
