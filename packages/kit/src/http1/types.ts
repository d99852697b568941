import type { EncodedHeaders } from "./encoded-headers.ts";
import type { OnReadOpts, Socket } from "node:net";
import type { Clock } from "@loadline/kit/clock";

/** Why a response did not end well. `stale`: a reused connection died before a response byte. */
export type Http1Fault =
  | "connect"
  | "connect_timeout"
  | "tls"
  | "dns"
  | "reset"
  | "protocol"
  | "stale"
  | "queue_full"
  | "queue_timeout"
  | "aborted";

/**
 * Receives one response: `head` once, `data` any number of times, then exactly one of `end` or
 * `fail`. A `fail` may come at any point, `head` or not. `chunk` is only valid during the call
 * when the reader reuses its buffer (the load engine does, the pool does not).
 */
export interface ResponseSink {
  head(status: number, headers: readonly string[]): void;
  data(chunk: Buffer): void;
  /** Bytes of a body of known length or in chunks are counted and not given to `data`, default false. */
  readonly skipsData?: boolean;
  /**
   * One whole chunk of a chunked body, with its framing between `start` and `end`, its data from
   * `from` to two bytes before `end`. True: taken as it is, and no `data` follows for it. `bytes` is
   * only valid during the call. Absent: every chunk comes as `data`.
   */
  wholeChunk?(bytes: Buffer, start: number, from: number, end: number): boolean;
  /** Around the calls for one read of more than one chunk: what they write may go out in one piece. */
  gather?(isOn: boolean): void;
  end(): void;
  fail(code: Http1Fault, detail: string): void;
}

/** Parses one response at a time; `start` again after `done` for the next on the connection. */
export interface ResponseParser {
  /** `method` is the request's: an answer to HEAD has no body. */
  start(method: string, sink: ResponseSink): void;
  /** Bytes read; consumed before it returns. Bytes after the end make the parser not `reusable`. */
  feed(buf: Buffer): void;
  /** End of the chunk that begins at `start`, if it is whole within the first `length` bytes; else -1. */
  chunkEnd(bytes: Buffer, start: number, length: number): number;
  /**
   * Gives the sink's `wholeChunk` the chunk that `chunkEnd` found last. False: nothing was read of it,
   * and it must be fed.
   */
  offerChunk(bytes: Buffer, start: number, end: number): boolean;
  /** The peer closed: ends a close-delimited body, fails any other unfinished response. */
  eof(): void;
  /** No further call reaches the sink until the next `start`. */
  stop(): void;
  /** The response ended or failed. */
  readonly done: boolean;
  /** The connection may carry another request. */
  readonly reusable: boolean;
  /** A byte of the response was seen. */
  readonly started: boolean;
  /** The server's `keep-alive: timeout=` in ms, or -1. */
  readonly keepAliveMs: number;
  /** The server's `keep-alive: max=`, or -1. */
  readonly keepAliveMax: number;
}

export interface Http1Request {
  readonly method: string;
  readonly path: string;
  /** Flat: name, value, ... or encoded before. `content-length` is added from `body`. */
  readonly headers: readonly string[] | EncodedHeaders;
  readonly body?: Buffer;
}

export interface Http1Call {
  /** Ends the request now: the sink gets `fail("aborted")` unless it was finished. */
  abort(): void;
  /** Stops reading from the connection; bytes already read were delivered. */
  pause(): void;
  resume(): void;
  /** It is sent a second time: the server may have read it once already and acted on it. */
  readonly retried: boolean;
}

export interface Http1Pool {
  /** Never throws for the peer's fault; throws LL_HTTP1_REQUEST for what cannot be written. */
  request(r: Http1Request, sink: ResponseSink): Http1Call;
  /** Destroys every connection; unfinished requests fail with `aborted`. */
  close(): void;
  /** Connections open or opening. */
  readonly open: number;
  /** Requests waiting for a connection. */
  readonly queued: number;
}

export interface Http1PoolOptions {
  /**
   * A new `net` or `tls` socket, which may still be connecting. A connector that hands `onread` to
   * `net.connect` lets all connections of the pool read into one buffer; without it each read
   * allocates one of its own (64 KiB, shrunk afterwards), which is most of a busy process's memory.
   */
  readonly connect: (onread: OnReadOpts) => Socket;
  readonly connectionsMax: number;
  readonly queueMax: number;
  readonly queueWaitMs: number;
  readonly connectTimeoutMs: number;
  /** An idle connection is closed after this, or after the server's hint less 1 s. */
  readonly idleMs: number;
  readonly clock: Clock;
  /** Sends once more, on a fresh connection, a request whose reused connection was dead. */
  readonly retryStale?: boolean;
  /** Largest response head, default 64 KiB. */
  readonly headBytesMax?: number;
}
