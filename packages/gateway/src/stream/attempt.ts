import type { Dialect, Translation } from "../dialects/dialect.ts";
import type { Exchange, Usage } from "../pipeline/exchange.ts";
import type { AttemptOutcome, Permit } from "../routing/attempts.ts";
import type { Target } from "../routing/routes.ts";
import { classifyError, saysTooLong } from "../upstream/classify.ts";
import { retryAfterMsOf } from "../upstream/retry-after.ts";
import type { FailureClass, UpstreamCall, UpstreamSink } from "../upstream/upstream.ts";
import type { Watch, Watched } from "../upstream/watch.ts";
import type { decideStream, StreamCell, StreamInput, StreamState } from "./machine.ts";
import type { Outlet, OutletSource } from "./outlet.ts";
import { StreamRelay } from "./relay.ts";
import type { SentText } from "./resume.ts";
import type { HeldBytes, StreamSettings } from "./settings.ts";
import { WholeAnswer } from "./whole.ts";
import { estimatedUsage, noUsage, unknownUsage } from "./usage.ts";
import { withoutKey } from "./without-key.ts";

/** An attempt that gave nothing the client was sent. */
export interface AttemptFailure {
  readonly failure: FailureClass;
  readonly detail: string;
  readonly status: number;
  /** The upstream's own error body, when it was JSON. */
  readonly body?: Buffer | undefined;
  readonly retryAfterMs?: number | undefined;
  /** A caller's fault that another target may not find: the prompt is too long for this one. */
  readonly isTooLong?: boolean;
}

/** The exchange's side of its attempts. */
export interface AttemptHost {
  readonly x: Exchange;
  readonly watch: Watch;
  readonly settings: StreamSettings;
  readonly held: HeldBytes;
  readonly outlet: Outlet | undefined;
  /** Collects the text that is sent; undefined when a cut stream is not continued. */
  readonly sentText: SentText | undefined;
  readonly decide: typeof decideStream;
  nowMs(): number;
  /** Nothing of it was sent: another target may be tried. */
  onNext(attempt: Attempt, failure: AttemptFailure): void;
  /** Its content is the answer: sends head and status, ends the others; returns the way out. */
  onCommit(attempt: Attempt): Outlet;
  /** A whole answer in the client's dialect. */
  onWhole(attempt: Attempt, body: Buffer, nowMs: number): void;
  /** Content was sent and this is the end: whole, or cut as the cell says. */
  onEnd(attempt: Attempt, cell: StreamCell, failure: FailureClass | undefined): void;
  /** Its next deadline may be earlier than the one before. */
  onMoved(): void;
}

export interface AttemptOptions {
  readonly host: AttemptHost;
  readonly permit: Permit;
  /** What the upstream speaks. */
  readonly dialect: Dialect;
  readonly translation: Translation | undefined;
  /** Continues an answer of which this much was sent. */
  readonly isResume: boolean;
  /** Its span, where requests are traced. */
  readonly spanId: string | undefined;
}

const streamType = "text/event-stream";
const rateWindowMs = 30_000;
const lingerMs = 1000;
const lineEndBytes = 2;
const never = Number.POSITIVE_INFINITY;

/** One upstream call for one exchange: asks the machine, and does what it says. */
export class Attempt implements UpstreamSink, OutletSource, Watched {
  /** Watched on its own only after its answer is whole and until its transport has ended. */
  place = -1;
  deadlineMs = 0;
  readonly host: AttemptHost;
  readonly permit: Permit;
  readonly dialect: Dialect;
  readonly translation: Translation | undefined;
  readonly isResume: boolean;
  readonly spanId: string | undefined;
  readonly startedMs: number;
  state: StreamState = "attempt";
  status = 0;
  /** Last bytes of a whole stream, in the client's dialect. */
  last: Buffer | undefined;
  /** As the upstream reported it. */
  usage: Usage | undefined;
  #call: UpstreamCall | undefined;
  #contentType = "";
  #retryAfterMs: number | undefined;
  #relay: StreamRelay | undefined;
  #whole: WholeAnswer | undefined;
  #isCommitted = false;
  #isPaused = false;
  #hasEnded = false;
  #lastDataMs = 0;
  #finishMs = 0;
  #rateFromMs = 0;
  #rateBytes = 0;

  constructor(o: AttemptOptions) {
    this.host = o.host;
    this.permit = o.permit;
    this.dialect = o.dialect;
    this.translation = o.translation;
    this.isResume = o.isResume;
    this.spanId = o.spanId;
    this.startedMs = o.host.nowMs();
  }

  get target(): Target {
    return this.permit.target;
  }

  get isOver(): boolean {
    return this.state === "done";
  }

  /** Content of this attempt was sent. */
  get isCommitted(): boolean {
    return this.#isCommitted;
  }

  /** Set once the upstream gave the call a handle. */
  attach(call: UpstreamCall): void {
    this.#call = call;
    if (this.isOver) call.abort();
  }

  /** What the machine says about this input; the attempt is in the cell's state from now on. */
  step(input: StreamInput): StreamCell {
    const cell = this.host.decide(this.state, input, this.host.outlet?.isOpen ?? false);
    this.state = cell.to;
    return cell;
  }

  head(status: number, headers: readonly string[]): void {
    if (this.isOver) return;
    this.status = status;
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i];
      if (name === "content-type") this.#contentType = headers[i + 1] ?? "";
      else if (name === "retry-after" || name === "retry-after-ms")
        this.#retryAfterMs = retryAfterMsOf(headers);
    }
    const wantsStream = this.host.x.body?.isStream ?? false;
    const isStream = isStreamType(this.#contentType);
    // Any other head is judged when its body is there: the body may be the caller's to read.
    if (status >= 200 && status <= 299 && wantsStream === isStream) {
      this.step("head_ok");
      if (isStream) this.#relay = new StreamRelay(this);
    }
    if (!this.#relay) this.#whole = new WholeAnswer(this);
    this.host.onMoved();
  }

  data(chunk: Buffer): void {
    if (this.isOver) return;
    this.#lastDataMs = this.host.watch.nowMs;
    this.#rateBytes += chunk.length;
    if (this.#relay) this.#relay.push(chunk);
    else this.#whole?.push(chunk);
  }

  wholeChunk(bytes: Buffer, start: number, from: number, end: number): boolean {
    const relay = this.#relay;
    if (this.isOver || relay?.takesWhole !== true) return false;
    const framed = bytes.toString("latin1", start, end);
    const to = framed.length - lineEndBytes;
    if (!relay.isKnown(framed, from - start, to)) return false;
    this.#lastDataMs = this.host.watch.nowMs;
    this.#rateBytes += to - (from - start);
    relay.pushWhole(framed, from - start, to);
    return true;
  }

  gather(isOn: boolean): void {
    this.host.x.client.gather?.(isOn);
  }

  end(): void {
    this.#hasEnded = true;
    if (this.place >= 0) this.host.watch.remove(this);
    if (this.isOver) return;
    this.#ended();
  }

  #ended(): void {
    if (this.#relay) this.#relay.end();
    else if (this.#whole) this.#whole.end();
    else this.apply(this.step("clean_end"), "ended without an answer");
  }

  fail(failure: FailureClass, detail: string): void {
    this.#hasEnded = true;
    if (this.place >= 0) this.host.watch.remove(this);
    if (this.isOver) return;
    if (this.isRefused) this.judgeHead(this.#whole?.bytes());
    else this.apply(this.step("fault"), detail, failure);
  }

  /** The upstream answered with something else than a usable 200. */
  get isRefused(): boolean {
    return this.state === "attempt" && this.status > 0;
  }

  /** Ends an attempt whose head was no good, by its status and with its body. */
  judgeHead(body: Buffer | undefined): void {
    const { status } = this;
    const isError = status < 200 || status > 299;
    const rules = this.target.provider.errors ?? [];
    const hasWait = this.#retryAfterMs !== undefined;
    const failure = isError ? classifyError(rules, status, hasWait, body) : "bad_body";
    const type = this.#contentType || "no type";
    this.step("head_bad");
    // What is the caller's fault is shown to the caller.
    const isCallers = failure === "caller";
    const shown = isCallers && body ? withoutKey(body, this.permit.key) : body;
    const detail = isError ? `status ${status}` : `status ${status} with ${type}`;
    this.#next({ failure, detail, body: shown, isTooLong: isCallers && saysTooLong(body) });
  }

  /** Does what ends an attempt; `failure` says more than the cell's. */
  apply(cell: StreamCell, detail: string, failure?: FailureClass, isTooLong = false): void {
    const what = failure ?? cell.failure;
    if (cell.action === "next") this.#next({ failure: what ?? "protocol", detail, isTooLong });
    else if (cell.action === "cut" || cell.action === "end" || cell.action === "append") {
      this.#over(cell.action === "cut");
      this.host.onEnd(this, cell, what);
    }
  }

  /** The first content is here: from now on this attempt is the answer. */
  commit(): Outlet {
    this.#isCommitted = true;
    this.#lastDataMs = this.host.watch.nowMs;
    this.#rateFromMs = this.#lastDataMs;
    this.#rateBytes = 0;
    this.permit.content(this.host.nowMs() - this.startedMs);
    const outlet = this.host.onCommit(this);
    this.relayed(this.state);
    this.host.onMoved();
    return outlet;
  }

  /** An event was passed on in the state `to`; at the finish the wait for the marker begins. */
  relayed(to: StreamState): void {
    if (to !== "finish" || this.#finishMs > 0) return;
    this.#finishMs = this.host.watch.nowMs;
    this.host.onMoved();
  }

  whole(body: Buffer, usage: Usage | undefined): void {
    this.usage = usage;
    const nowMs = this.host.nowMs();
    this.permit.content(nowMs - this.startedMs, nowMs);
    this.#over(false);
    this.host.onWhole(this, body, nowMs);
  }

  /** Watch time at which something is due, ms. */
  get dueMs(): number {
    const timeouts = this.host.x.route?.timeouts;
    if (!timeouts) return never;
    switch (this.state) {
      case "attempt":
        return this.startedMs + timeouts.firstByte;
      case "hold":
        return this.startedMs + timeouts.firstContent;
      case "open":
        return this.#isPaused ? never : Math.min(this.#lastDataMs + timeouts.idle, this.#rateDueMs);
      case "finish":
        return this.#isPaused ? never : this.#finishMs + this.host.settings.finishMs;
      case "done":
        return never;
    }
  }

  /** Acts when its time has come. */
  tick(nowMs: number): void {
    if (nowMs < this.dueMs) return;
    if (this.isRefused) this.judgeHead(this.#whole?.bytes());
    else if (this.state === "attempt") this.apply(this.step("first_byte_timer"), "no head in time");
    else if (this.state === "hold")
      this.apply(this.step("first_content_timer"), "no content in time");
    else if (this.state === "finish") {
      this.#ended();
      this.#call?.abort();
    } else if (nowMs >= this.#rateDueMs) this.#judgeRate(nowMs);
    else this.apply(this.step("idle_timer"), "no byte in time");
  }

  /** Ends the attempt without a word to anyone but the upstream. */
  abort(): void {
    if (this.isOver) return;
    this.state = "done";
    this.#over(true);
  }

  pause(): void {
    if (this.isOver) return;
    this.#isPaused = true;
    this.#call?.pause();
  }

  resume(): void {
    const { nowMs } = this.host.watch;
    this.#isPaused = false;
    // While it rested its silence was ours: whatever it is waited for with begins anew.
    this.#lastDataMs = nowMs;
    this.#rateFromMs = nowMs;
    this.#rateBytes = 0;
    if (this.#finishMs > 0) this.#finishMs = nowMs;
    if (this.isOver) return;
    this.host.onMoved();
    this.#call?.resume();
  }

  /** What it used, once it is over. */
  usageAfter(outcome: AttemptOutcome): Usage {
    if (this.usage) return this.usage;
    const { body } = this.host.x;
    if (outcome === "ok" || outcome === "left" || this.#isCommitted) {
      return estimatedUsage(body, this.#relay?.received.tokens ?? this.#whole?.tokens ?? 0);
    }
    // A good head and a body that broke off: the upstream worked, and nobody can say how much.
    return this.#whole?.isAnswer && outcome !== "bad_body" ? unknownUsage : noUsage;
  }

  get retryAfterMs(): number | undefined {
    return this.#retryAfterMs;
  }

  get #rateDueMs(): number {
    return this.host.settings.minBytesPerS > 0 ? this.#rateFromMs + rateWindowMs : never;
  }

  #judgeRate(nowMs: number): void {
    const bytesMin = (this.host.settings.minBytesPerS * rateWindowMs) / 1000;
    const isSlow = this.#rateBytes < bytesMin;
    this.#rateFromMs = nowMs;
    this.#rateBytes = 0;
    if (isSlow) this.apply(this.step("slow"), "under the minimum rate");
    else this.host.onMoved();
  }

  #next(failed: Omit<AttemptFailure, "status" | "retryAfterMs">): void {
    this.#over(true);
    const { status } = this;
    this.host.onNext(this, { ...failed, status, retryAfterMs: this.#retryAfterMs });
  }

  #over(mustAbort: boolean): void {
    this.#whole?.release();
    if (mustAbort) {
      if (this.place >= 0) this.host.watch.remove(this);
      this.#call?.abort();
    } else if (!this.#hasEnded) this.#linger();
  }

  /** The answer is whole, its transport has not ended: it gets a moment, so it can be used again. */
  #linger(): void {
    if (this.#isPaused) this.#call?.resume();
    this.deadlineMs = this.host.watch.nowMs + lingerMs;
    this.host.watch.add(this);
  }

  onDeadline(): void {
    this.host.watch.remove(this);
    this.#call?.abort();
  }
}

/** Names of types have no case. */
function isStreamType(type: string): boolean {
  return (
    type.startsWith(streamType) || type.slice(0, streamType.length).toLowerCase() === streamType
  );
}
