import type { OnReadOpts, Socket } from "node:net";
import type { Clock } from "@loadline/kit/clock";
import {
  createHttp1Pool,
  EncodedHeaders,
  type Http1Call,
  type Http1Fault,
  type Http1Pool,
  type ResponseSink,
} from "@loadline/kit/http1";
import { type AnswerRules, anyAnswer, isRedirect } from "../egress/answer-rules.ts";
import { classifyFault } from "./classify.ts";
import type {
  Upstream,
  UpstreamKey,
  UpstreamOperation,
  UpstreamRequest,
  UpstreamSink,
} from "./upstream.ts";

export type UpstreamPaths = Readonly<Partial<Record<UpstreamOperation, string>>>;

/** What an upstream is, whoever speaks to it. */
export interface UpstreamOptions {
  /** Full path of each operation; streams may have one of their own. */
  readonly paths: UpstreamPaths;
  readonly streamPaths?: UpstreamPaths;
  /** Flat list added to every request. */
  readonly headers: readonly string[];
  /** The credentials; a call that names none takes the first. */
  readonly keys?: readonly UpstreamKey[];
  readonly connectionsMax: number;
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
  /** Absent: nothing is refused. */
  readonly answers?: AnswerRules | undefined;
}

export interface Http1UpstreamOptions extends UpstreamOptions {
  readonly connect: (onread: OnReadOpts) => Socket;
  /** Value of the Host header. */
  readonly host: string;
}

/** Bounds of the connections to one target, whoever speaks to it: how many calls wait for one, for how long, and how long one stays open unused. */
export const connectionBounds = { queueMax: 64, queueWaitMs: 1000, idleMs: 4000 } as const;

/** An OpenAI-shaped HTTP/1.1 upstream over our own pool, on TCP, TLS or a Unix socket. */
export function createHttp1Upstream(o: Http1UpstreamOptions): Upstream {
  const pool: Http1Pool = createHttp1Pool({
    connect: o.connect,
    connectionsMax: o.connectionsMax,
    ...connectionBounds,
    connectTimeoutMs: o.connectTimeoutMs,
    clock: o.clock,
    retryStale: true,
  });
  const keys = o.keys ?? [];
  const answers = o.answers ?? anyAnswer;
  const heads = new Map<UpstreamKey | undefined, KeyHeads>(
    [undefined, ...keys].map((key) => [key, headsOf(o, key ?? keys[0])]),
  );
  return {
    keys,
    call(request, sink) {
      const head = heads.get(request.key) ?? headsOf(o, request.key);
      const classifying = new ClassifyingSink(sink, answers, request.isStream);
      classifying.call = pool.request(
        {
          method: request.operation === "probe" ? "GET" : "POST",
          path: pathOf(o, request),
          headers: headersOf(head, request),
          ...(request.operation !== "probe" && { body: request.body }),
        },
        classifying,
      );
      return classifying.call;
    },
    isReady: () => true,
    close: async () => pool.close(),
  };
}

/** Gives faults their failure class on the way to the attempt, and holds answers to their rules. */
class ClassifyingSink implements ResponseSink {
  /** Undefined until it was begun: nothing of its answer is there before. */
  call: Http1Call | undefined;
  readonly #sink: UpstreamSink;
  readonly #answers: AnswerRules;
  #bytesLeft: number;

  constructor(sink: UpstreamSink, answers: AnswerRules, isStream: boolean) {
    this.#sink = sink;
    this.#answers = answers;
    this.#bytesLeft = isStream ? Number.POSITIVE_INFINITY : answers.bodyBytesMax;
  }

  head(status: number, headers: readonly string[]): void {
    if (isRedirect(status)) this.#answers.refused("redirect");
    this.#sink.head(status, headers);
  }

  data(chunk: Buffer): void {
    if (this.#bytesLeft < 0) return;
    this.#bytesLeft -= chunk.length;
    if (this.#bytesLeft >= 0) this.#sink.data(chunk);
    else {
      this.#answers.refused("size");
      this.#sink.fail("bad_body", "the answer is over its bound");
      this.call?.abort();
    }
  }

  wholeChunk(bytes: Buffer, start: number, from: number, end: number): boolean {
    return this.#sink.wholeChunk?.(bytes, start, from, end) ?? false;
  }

  gather(isOn: boolean): void {
    this.#sink.gather?.(isOn);
  }

  end(): void {
    if (this.#bytesLeft >= 0) this.#sink.end();
  }

  fail(fault: Http1Fault, detail: string): void {
    if (this.#bytesLeft >= 0) this.#sink.fail(classifyFault(fault), detail);
  }
}

/** The header lines of every request with one key, written once. */
interface KeyHeads {
  readonly plain: readonly string[];
  readonly stream: readonly string[];
  readonly encodedPlain: EncodedHeaders;
  readonly encodedStream: EncodedHeaders;
}

function headsOf(o: Http1UpstreamOptions, key: UpstreamKey | undefined): KeyHeads {
  const credential = key?.headers ?? [];
  const base = ["host", o.host, "content-type", "application/json", ...o.headers, ...credential];
  const plain = [...base, "accept", "application/json"];
  const stream = [...base, "accept", "text/event-stream"];
  const encodedPlain = new EncodedHeaders(plain);
  return { plain, stream, encodedPlain, encodedStream: new EncodedHeaders(stream) };
}

/** The path a request is sent to. */
export function pathOf(o: UpstreamOptions, request: UpstreamRequest): string {
  const path = request.isStream ? o.streamPaths?.[request.operation] : undefined;
  return path ?? o.paths[request.operation] ?? "/";
}

function headersOf(head: KeyHeads, r: UpstreamRequest): EncodedHeaders | readonly string[] {
  const more = r.headers ?? [];
  if (r.traceparent === undefined && more.length === 0)
    return r.isStream ? head.encodedStream : head.encodedPlain;
  if (more.length === 0)
    return new EncodedHeaders(traceOf(r), r.isStream ? head.encodedStream : head.encodedPlain);
  return requestHeaders(r.isStream ? head.stream : head.plain, r);
}

/** The header list of a request: those of its own in the place of the target's of that name. */
export function requestHeaders(base: readonly string[], r: UpstreamRequest): string[] {
  const more = r.headers ?? [];
  const kept = more.length === 0 ? base : base.filter((_, i) => !replaces(base, i, more));
  return [...kept, ...more, ...traceOf(r)];
}

function traceOf(r: UpstreamRequest): string[] {
  const trace = r.traceparent === undefined ? [] : ["traceparent", r.traceparent];
  if (r.tracestate !== undefined) trace.push("tracestate", r.tracestate);
  return trace;
}

/** Whether the name at or before `i` in a flat list also occurs in `more`. */
function replaces(base: readonly string[], i: number, more: readonly string[]): boolean {
  const name = base[i - (i % 2)];
  return more.some((other, at) => at % 2 === 0 && other === name);
}
