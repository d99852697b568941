import { connect } from "node:net";
import type { Clock } from "@loadline/kit/clock";
import type { Hosting } from "../../models/index.ts";
import { createHttp1Upstream } from "../../upstream/http1.ts";
import type { Upstream, UpstreamOperation } from "../../upstream/upstream.ts";

export interface LocalUpstreamOptions {
  readonly hosting: Hosting;
  readonly paths: Readonly<Partial<Record<UpstreamOperation, string>>>;
  /** Answers it writes at the same time: a call beyond them waits. */
  readonly callsMax: number;
  readonly connectionsMax: number;
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
}

/** Sockets whose connections are kept: of those before, calls may be under way. */
const socketsMax = 8;

/** An upstream whose server is a model host of our own, another one after a swap. */
export function createLocalUpstream(o: LocalUpstreamOptions): Upstream {
  const { hosting, paths, connectionsMax, connectTimeoutMs, clock } = o;
  const bySocket = new Map<string, Upstream>();
  const open = (path: string): Upstream =>
    createHttp1Upstream({
      connect: (onread) => connect({ path, onread }),
      host: "localhost",
      paths,
      headers: [],
      connectionsMax,
      connectTimeoutMs,
      clock,
    });
  let last: { readonly path: string; readonly upstream: Upstream } | undefined;
  const current = (): Upstream => {
    const path = hosting.socketPath;
    if (path === last?.path) return last.upstream;
    const upstream = bySocket.get(path) ?? open(path);
    // Those left longest ago come first.
    bySocket.delete(path);
    bySocket.set(path, upstream);
    last = { path, upstream };
    const [oldest] = bySocket;
    if (bySocket.size > socketsMax && oldest) {
      bySocket.delete(oldest[0]);
      void oldest[1].close();
    }
    return upstream;
  };
  return {
    call: (request, sink) => current().call(request, sink),
    keys: [],
    callsMax: o.callsMax,
    isReady: () => hosting.isReady(),
    get isStandby() {
      return hosting.isStandby;
    },
    start: () => hosting.start(),
    async close() {
      await Promise.all([...bySocket.values()].map((upstream) => upstream.close()));
      await hosting.close();
    },
  };
}
