/**
 * HTTP/1.1 client half: an incremental response parser, a request writer and a connection pool,
 * shared by the gateway's upstream client and the load engine. Strict: what is unusual in framing
 * is refused as `protocol`, never repaired. No promise and no closure per chunk. Of the server half:
 * readers for the plainest request heads and chunked bodies, which leave all others to a complete
 * parser.
 *
 * ```ts
 * const pool = createHttp1Pool({ connect: () => connect(8080, "127.0.0.1"), connectionsMax: 8,
 *   queueMax: 64, queueWaitMs: 1000, connectTimeoutMs: 2000, idleMs: 4000, clock: systemClock() });
 * pool.request({ method: "GET", path: "/", headers: ["host", "127.0.0.1"] }, sink);
 * ```
 */
export { ChunkedBody } from "./chunked-body.ts";
export { EncodedHeaders } from "./encoded-headers.ts";
export { http1Errors } from "./errors.ts";
export { createHeadReader } from "./known-heads.ts";
export { offerChunks } from "./offer-chunks.ts";
export { createResponseParser } from "./parser.ts";
export { createHttp1Pool } from "./pool.ts";
export { encodeRequest } from "./request.ts";
export { parseRequestHead, type RequestHead } from "./request-head.ts";
export type {
  Http1Call,
  Http1Fault,
  Http1Pool,
  Http1PoolOptions,
  Http1Request,
  ResponseParser,
  ResponseSink,
} from "./types.ts";
