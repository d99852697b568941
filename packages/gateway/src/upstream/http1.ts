import type { Socket } from "node:net";
import type { Clock } from "@loadline/kit/clock";
import { createHttp1Pool, EncodedHeaders, type Http1Pool } from "@loadline/kit/http1";
import { classifyFault } from "./classify.ts";
import type { Upstream, UpstreamOperation } from "./upstream.ts";

export interface Http1UpstreamOptions {
  readonly connect: () => Socket;
  /** Value of the Host header. */
  readonly host: string;
  /** Full path of each operation. */
  readonly paths: Readonly<Partial<Record<UpstreamOperation, string>>>;
  /** Flat list added to every request, such as authorization. */
  readonly headers: readonly string[];
  readonly connectionsMax: number;
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
}

const queueMax = 64;
const queueWaitMs = 1000;
const idleMs = 4000;

/** An OpenAI-shaped HTTP/1.1 upstream over our own pool, on TCP, TLS or a Unix socket. */
export function createHttp1Upstream(o: Http1UpstreamOptions): Upstream {
  const pool: Http1Pool = createHttp1Pool({
    connect: o.connect,
    connectionsMax: o.connectionsMax,
    queueMax,
    queueWaitMs,
    connectTimeoutMs: o.connectTimeoutMs,
    idleMs,
    clock: o.clock,
    retryStale: true,
  });
  const base = ["host", o.host, "content-type", "application/json", ...o.headers];
  const plain = [...base, "accept", "application/json"];
  const stream = [...base, "accept", "text/event-stream"];
  const encoded = { plain: new EncodedHeaders(plain), stream: new EncodedHeaders(stream) };
  return {
    call(request, sink) {
      const path = o.paths[request.operation] ?? "/";
      const kind = request.isStream ? "stream" : "plain";
      const headers =
        request.traceparent === undefined
          ? encoded[kind]
          : [...(request.isStream ? stream : plain), "traceparent", request.traceparent];
      return pool.request(
        { method: "POST", path, headers, body: request.body },
        {
          head: (status, list) => sink.head(status, list),
          data: (chunk) => sink.data(chunk),
          end: () => sink.end(),
          fail: (fault, detail) => sink.fail(classifyFault(fault), detail),
        },
      );
    },
    isReady: () => true,
    close: async () => pool.close(),
  };
}
