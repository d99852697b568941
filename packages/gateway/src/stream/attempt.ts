import { isScanProblem, keyTable, parseJson, scanObject } from "../body/scan.ts";
import type { Exchange, Usage } from "../pipeline/exchange.ts";
import type { Target } from "../routing/routes.ts";
import { classifyStatus } from "../upstream/classify.ts";
import type { FailureClass, UpstreamCall, UpstreamSink } from "../upstream/upstream.ts";
import type { Watch, Watched } from "../upstream/watch.ts";
import { usageOf } from "./events.ts";
import { StreamRelay } from "./relay.ts";

/** An attempt that gave nothing the client was sent. */
export interface AttemptFailure {
  readonly failure: FailureClass;
  readonly detail: string;
  readonly status: number;
  /** The upstream's own error body, when it was JSON. */
  readonly body?: Buffer;
  readonly retryAfterMs?: number;
}

export interface AttemptHost {
  readonly watch: Watch;
  nowMs(): number;
  /** Nothing was sent: another target may be tried. */
  onFailure(attempt: Attempt, failure: AttemptFailure): void;
  /** A whole answer: status 200 and its body. */
  onWhole(attempt: Attempt, contentType: string, body: Buffer, usage: Usage | undefined): void;
  /** The stream ended, whole or cut. */
  onStreamEnd(attempt: Attempt, failure: FailureClass | undefined, detail: string): void;
}

const wholeBytesMax = 64 * 1024 * 1024;
const errorBytesMax = 65_536;
const answerKeys = keyTable(["error", "usage", "choices", "data"]);

/** One upstream call for one exchange: collects an answer, or feeds the stream machine. */
export class Attempt implements UpstreamSink, Watched {
  readonly x: Exchange;
  readonly target: Target;
  readonly startedMs: number;
  deadlineMs = 0;
  place = -1;
  status = 0;
  #call: UpstreamCall | undefined;
  readonly #host: AttemptHost;
  readonly #totalMs: number;
  #contentType = "";
  #retryAfterMs: number | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #relay: StreamRelay | undefined;
  #isOver = false;

  constructor(o: { x: Exchange; target: Target; host: AttemptHost; nowMs: number }) {
    this.x = o.x;
    this.target = o.target;
    this.#host = o.host;
    this.startedMs = o.nowMs;
    this.#totalMs = o.x.startedMs + (o.x.route?.timeouts.total ?? 0);
    this.#wait(o.nowMs + (o.x.route?.timeouts.firstByte ?? 0));
    o.host.watch.add(this);
  }

  /** Set once the upstream gave the call a handle. */
  attach(call: UpstreamCall): void {
    this.#call = call;
    if (this.#isOver) call.abort();
  }

  get isCommitted(): boolean {
    return this.#relay?.isCommitted ?? false;
  }

  /** ms from the start of the exchange to now. */
  sinceStartMs(): number {
    return this.#host.nowMs() - this.x.startedMs;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  head(status: number, headers: readonly string[]): void {
    if (this.#isOver) return;
    this.status = status;
    this.#contentType = headerOf(headers, "content-type") ?? "";
    const retryAfter = Number(headerOf(headers, "retry-after"));
    if (retryAfter >= 0) this.#retryAfterMs = retryAfter * 1000;
    const isStream = this.x.body?.isStream && this.#contentType.startsWith("text/event-stream");
    if (status === 200 && isStream) this.#openRelay();
    const timeouts = this.x.route?.timeouts;
    this.#wait(this.startedMs + (timeouts?.firstContent ?? 0));
  }

  data(chunk: Buffer): void {
    if (this.#isOver) return;
    if (this.#relay) {
      this.#relay.push(chunk);
      if (this.isCommitted && !this.#isOver) {
        this.#wait(this.#host.watch.nowMs + (this.x.route?.timeouts.idle ?? 0));
      }
      return;
    }
    this.#bytes += chunk.length;
    const bytesMax = this.status === 200 ? wholeBytesMax : errorBytesMax;
    if (this.#bytes > bytesMax) this.fail("bad_body", `answer over ${bytesMax} bytes`);
    else this.#chunks.push(chunk);
  }

  end(): void {
    if (this.#isOver) return;
    if (this.#relay) this.#relay.end();
    else this.#judge(this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks));
  }

  fail(failure: FailureClass, detail: string): void {
    if (this.#isOver) return;
    if (this.#relay) this.#relay.fail(failure, detail);
    else this.#fail(failure, detail);
  }

  onDeadline(): void {
    const isStalled = this.isCommitted && this.#host.watch.nowMs < this.#totalMs;
    this.fail(isStalled ? "stall" : "timeout", isStalled ? "no byte in time" : "no answer in time");
  }

  /** Ends the attempt without a word to anyone but the upstream. */
  abort(): void {
    if (this.#isOver) return;
    this.#finish();
    this.#call?.abort();
  }

  pause(): void {
    this.#call?.pause();
    this.x.client.onDrain(() => this.#call?.resume());
  }

  #openRelay(): void {
    this.#relay = new StreamRelay({
      attempt: this,
      endIsOptional: this.target.provider.end === "optional",
      onUncommitted: (failure, detail) => this.#fail(failure, detail),
      onEnd: (failure, detail) => {
        this.#finish();
        if (failure) this.#call?.abort();
        this.#host.onStreamEnd(this, failure, detail);
      },
    });
  }

  #judge(body: Buffer | undefined): void {
    const bytes = body ?? Buffer.alloc(0);
    if (this.status < 200 || this.status > 299) {
      const failure = classifyStatus(this.status, this.#retryAfterMs !== undefined);
      this.#fail(failure, `status ${this.status}`, bytes);
      return;
    }
    if (this.status !== 200 || this.x.body?.isStream) {
      this.#fail("bad_body", `status ${this.status} with ${this.#contentType || "no type"}`);
      return;
    }
    const answer = readAnswer(bytes, this.x.operation.id === "embeddings");
    if (typeof answer === "string") {
      this.#fail("bad_body", answer);
      return;
    }
    this.#finish();
    this.#host.onWhole(this, this.#contentType, bytes, answer.usage);
  }

  #fail(failure: FailureClass, detail: string, body?: Buffer): void {
    this.#finish();
    this.#call?.abort();
    const base = { failure, detail, status: this.status };
    const retryAfterMs = this.#retryAfterMs;
    this.#host.onFailure(this, {
      ...base,
      ...(body && { body }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  }

  #finish(): void {
    this.#isOver = true;
    this.#chunks = [];
    this.#host.watch.remove(this);
  }

  #wait(deadlineMs: number): void {
    this.deadlineMs = Math.min(deadlineMs, this.#totalMs);
  }
}

/** The usage of an answer with content, or what is wrong with it. */
function readAnswer(bytes: Buffer, isEmbeddings: boolean): { usage: Usage | undefined } | string {
  const scan = scanObject(bytes, answerKeys);
  if (isScanProblem(scan)) return scan.message;
  const [error = -1, from = -1, choices = -1, data = -1] = scan.starts;
  if (has(bytes, error)) return "an error under status 200";
  if (!has(bytes, isEmbeddings ? data : choices)) return "an answer without content";
  const text = from < 0 ? "null" : bytes.toString("utf8", from, scan.ends[1]);
  return { usage: usageOf(parseJson(text)) };
}

/** Whether a member is present and not null. */
function has(bytes: Buffer, start: number): boolean {
  return start >= 0 && bytes[start] !== 0x6e;
}

function headerOf(headers: readonly string[], name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
  return undefined;
}
