import type { Placed } from "@loadline/kit/roster";
import type { Narrowing } from "../body/narrowing.ts";
import type { RequestBody } from "../body/request.ts";
import type { GatewayErrorCode } from "../errors.ts";
import type { Principal } from "../identity/principal.ts";
import type { ClientCertificate } from "../identity/certificate.ts";
import type { Lease } from "../limits/lease.ts";
import type { Route } from "../routing/routes.ts";
import type { ExchangeTrace } from "../telemetry/traces/exchange-trace.ts";
import type { FailureClass } from "../upstream/upstream.ts";
import type { Operation } from "./operations.ts";

/** Result of reading a request body. */
export type BodyRead = Buffer | "too_large" | "cut";

/** `sent`: the operating system took it all; `left`: the connection ended before. */
export type SentHow = "sent" | "left" | "stalled";

/** The front's half of an exchange: the only way to the client. */
export interface Client {
  readonly method: string;
  /** The request target as sent. */
  readonly target: string;
  /** Flat list of names and values as sent. */
  readonly headers: readonly string[];
  /** False for HTTP/1.0. */
  readonly isHttp11: boolean;
  /** Address of the peer, or of whom trusted proxies name as their client. */
  readonly address: string;
  /** What the peer proved to be by TLS; undefined without a client certificate. */
  readonly certificate?: ClientCertificate | undefined;
  /** Whether a request body follows that was not read. */
  readonly hasBody: boolean;
  read(bytesMax: number, done: (body: BodyRead) => void): void;
  /** Sends status and headers with a body of known length, and ends the exchange. */
  answer(status: number, headers: readonly string[], body: Buffer | string): void;
  /** The answer that follows is the connection's last: its bytes could be read in another way. */
  closeAfter?(): void;
  /** Opens a body of unknown length. */
  open(status: number, headers: readonly string[]): void;
  /** False when the client reads slower than it is sent to; `onDrain` follows. */
  write(chunk: Buffer): boolean;
  /**
   * Writes one chunk with its framing around it, as latin1 text, like `write`. Absent: the bodies of
   * this client are framed in another way.
   */
  writeChunk?(framed: string): boolean;
  /** While on, small pieces wait, and go out in one write when it is turned off. */
  gather?(isOn: boolean): void;
  end(chunk?: Buffer): void;
  /** Breaks the connection: the client sees a cut answer. */
  destroy(): void;
  onDrain(run: () => void): void;
  /**
   * Says once how the answer ended; a reader who takes nothing of it for 60 s is cut off. Absent:
   * nobody knows.
   */
  onSent?(run: (how: SentHow) => void): void;
  /** Gives a request whose body is untouched to the admin plane; false where there is none. */
  handOver?(x: Exchange): boolean;
  /** Bytes written that the operating system has not taken yet. */
  readonly pendingBytes: number;
  /** Bytes of its connection that the operating system took, their framing included. */
  readonly takenBytes: number;
  /** The connection is closed: nothing written reaches anyone. */
  readonly isGone: boolean;
}

/** Why an exchange is answered by the gateway itself. */
export interface Refusal {
  readonly code: GatewayErrorCode;
  readonly message?: string;
  readonly param?: string;
  readonly retryAfterMs?: number;
  /** Flat list of further headers. */
  readonly headers?: readonly string[];
}

export interface AttemptRecord {
  readonly target: string;
  readonly failure: FailureClass | "ok";
  readonly status: number;
  readonly ms: number;
  /** What this attempt used; its source says how that is known. */
  readonly usage?: Usage;
  /** Its span, where requests are traced. */
  readonly span?: AttemptSpan | undefined;
}

/** Times are monotonic ms. */
export interface AttemptSpan {
  readonly id: string;
  readonly startedMs: number;
  readonly endedMs: number;
}

/**
 * Where token counts come from: the upstream's own report, our estimate of prompt and received
 * content, `none` when the upstream did no work, `unknown` when it may have and nobody can say.
 */
export type UsageSource = "provider" | "estimated" | "none" | "unknown";

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of the input, read from the upstream's cache. */
  readonly cachedTokens?: number;
  /** Of the output, spent on reasoning. */
  readonly reasoningTokens?: number;
  /** Absent: `provider`. */
  readonly source?: UsageSource;
}

export type ExitReason = "ok" | "refused" | "failed" | "cut" | "client_left" | "client_stalled";

/** Why an exchange is ended from this side. */
export type CancelReason = "client_left" | "drained" | "revoked";

export interface Exit {
  readonly reason: ExitReason;
  readonly status: number;
  readonly code?: string;
}

/** Headers the stages look at, found in one walk over the list. */
export interface PickedHeaders {
  authorization: string | undefined;
  /** Value of `x-api-key`, the other carrier of a key. */
  apiKey: string | undefined;
  contentType: string | undefined;
  contentEncoding: string | undefined;
  contentLength: number;
  traceparent: string | undefined;
  tracestate: string | undefined;
}

/** The pipeline's side of an exchange. */
export interface ExchangeHost {
  /** Runs the exit stages. */
  onExit(x: Exchange, end: Exit): void;
  /** An exchange that is over was to end again. */
  onSecondExit(): void;
  /** A stage that answered `pending` is done: the next one runs, or the exchange is refused. */
  onResume(x: Exchange, refusal: Refusal | undefined): void;
  /** Something unforeseen happened while a stage was pending. */
  onFault(x: Exchange, cause: unknown): void;
}

/** One request and its answer, from the first byte to the one exit. */
export class Exchange implements Placed {
  place = -1;
  readonly client: Client;
  readonly operation: Operation;
  /** What the path named, such as a model's id. */
  readonly pathParam: string | undefined;
  readonly startedMs: number;
  id = "";
  picked: PickedHeaders | undefined;
  /** Its place in a trace; undefined where requests are not traced. */
  trace: ExchangeTrace | undefined;
  keyId = "";
  principal: Principal | undefined;
  /** The store did not answer: a remembered principal stands in. */
  isAuthStale = false;
  /** What the caller narrows by headers or by the body's `loadline` object. */
  narrow: Narrowing | undefined;
  lease: Lease | undefined;
  body: RequestBody | undefined;
  /** Images in the body, once somebody counted them. */
  images: number | undefined;
  route: Route | undefined;
  readonly attempts: AttemptRecord[] = [];
  usage: Usage | undefined;
  /** ms from the start to the first content sent, or -1. */
  contentMs = -1;
  /** The target whose content came first; empty before any. */
  contentTarget = "";
  /** ms spent waiting for upstreams. */
  upstreamMs = 0;
  /** Monotonic ms of the end, set by the first exit stage. */
  endedMs = 0;
  /** One bit per stage passed. */
  trail = 0;
  /** Ends what is under way when the client leaves, its key is revoked or the gateway drains. */
  cancel: ((why: CancelReason) => void) | undefined;
  /** Index of the stage that runs or is awaited. */
  stageAt = 0;
  readonly host: ExchangeHost;
  #exit: Exit | undefined;

  constructor(
    host: ExchangeHost,
    client: Client,
    found: { operation: Operation; param?: string | undefined },
    startedMs: number,
  ) {
    this.host = host;
    this.client = client;
    this.operation = found.operation;
    this.pathParam = found.param;
    this.startedMs = startedMs;
  }

  /** Content came from `target`: the first is what counts. */
  onContent(target: string, nowMs: number): void {
    if (this.contentMs >= 0) return;
    this.contentMs = nowMs - this.startedMs;
    this.contentTarget = target;
  }

  get isOver(): boolean {
    return this.#exit !== undefined;
  }

  /** Runs the exit stages, once; a second call is counted, the first exit unchanged. */
  exit(end: Exit): boolean {
    if (this.#exit) {
      this.host.onSecondExit();
      return false;
    }
    this.#exit = end;
    this.host.onExit(this, end);
    return true;
  }
}
