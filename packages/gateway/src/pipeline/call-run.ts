import { dialectOf } from "../dialects/index.ts";
import type { GatewayErrorCode } from "../errors.ts";
import type { AttemptPlan, Permit, Router } from "../routing/attempts.ts";
import type { Target } from "../routing/routes.ts";
import { answerHeaders, wholeType } from "../stream/answer-headers.ts";
import { Attempt, type AttemptFailure, type AttemptHost } from "../stream/attempt.ts";
import { finalAnswer } from "../stream/final-answer.ts";
import type { decideStream, StreamCell, StreamInput } from "../stream/machine.ts";
import { abortWindow } from "../stream/metrics.ts";
import { Outlet } from "../stream/outlet.ts";
import type { StreamParts } from "../stream/parts.ts";
import { prepareRequest } from "../stream/request.ts";
import { isResumable, SentText } from "../stream/resume.ts";
import type { HeldBytes, StreamSettings } from "../stream/settings.ts";
import { shownRefusal } from "../stream/shown-refusal.ts";
import { noUsage, totalUsage } from "../stream/usage.ts";
import type { FailureClass } from "../upstream/upstream.ts";
import type { Watch, Watched } from "../upstream/watch.ts";
import type { CancelReason, Exchange, ExitReason, Refusal } from "./exchange.ts";

export interface CallDeps {
  readonly watch: Watch;
  /** Decides which targets are tried. */
  readonly router: Router;
  readonly stream: StreamParts;
  nowMs(): number;
  /** Answers with the gateway's own error, through the pipeline. */
  refuse(x: Exchange, refusal: Refusal): void;
  /** Counts one attempt. */
  onAttempt(target: Target, failure: FailureClass | "ok"): void;
}

const never = Number.POSITIVE_INFINITY;
const streamType = "text/event-stream; charset=utf-8";

/** One exchange's attempts, at most two at a time, and the one way its answer takes. */
export class CallRun implements AttemptHost, Watched {
  readonly x: Exchange;
  readonly watch: Watch;
  readonly settings: StreamSettings;
  readonly decide: typeof decideStream;
  readonly held: HeldBytes;
  place = -1;
  deadlineMs = never;
  outlet: Outlet | undefined;
  readonly #deps: CallDeps;
  readonly #plan: AttemptPlan;
  readonly #failures: AttemptFailure[] = [];
  readonly #totalMs: number;
  #first: Attempt | undefined;
  #hedge: Attempt | undefined;
  #committed: Attempt | undefined;
  #started = 0;
  #isHedged = false;
  #waitUntilMs = never;
  #hedgeAtMs = never;
  #sent: SentText | undefined;
  #resumes = 0;
  /** How the stream ended that is being continued. */
  #resumed: StreamCell | undefined;
  #resumedFrom = "";
  /** The refusal of a target whose context is too short, while another is asked. */
  #tooLong: { readonly attempt: Attempt; readonly failure: AttemptFailure } | undefined;

  constructor(x: Exchange, deps: CallDeps, held: HeldBytes) {
    this.x = x;
    this.watch = deps.watch;
    this.settings = deps.stream.settings;
    this.decide = deps.stream.decide;
    this.held = held;
    this.#deps = deps;
    this.#plan = deps.router.plan(x);
    const totalMs = x.route?.timeouts.total ?? 0;
    this.#totalMs = x.startedMs + Math.min(totalMs, x.narrow?.timeoutMs ?? totalMs);
  }

  nowMs(): number {
    return this.#deps.nowMs();
  }

  start(): void {
    const { x } = this;
    x.usage = noUsage;
    if (x.client.isGone) {
      x.exit({ reason: "client_left", status: 499 });
      return;
    }
    this.watch.add(this);
    x.cancel = (why) => this.#stop(why);
    const resumesMax = x.route?.resumeMax ?? 0;
    if (resumesMax > 0 && x.body && isResumable(x.body)) this.#sent = new SentText();
    this.#next();
    if (this.#plan.hedgeAfterMs >= 0) this.#hedgeAtMs = this.nowMs() + this.#plan.hedgeAfterMs;
    this.onMoved();
  }

  /** The text sent so far, when a cut stream may go on elsewhere. */
  get sentText(): SentText | undefined {
    return this.#sent;
  }

  onNext(attempt: Attempt, failure: AttemptFailure): void {
    this.#settle(attempt, failure.failure);
    if (this.x.isOver) return;
    this.#failures.push(failure);
    if (this.#resumed) this.#cut(this.#resumed.code ?? "LL_STREAM_CUT");
    else if (failure.failure === "caller") this.#refused(attempt, failure);
    else if (this.#live) this.onMoved();
    else this.#next();
  }

  onCommit(attempt: Attempt): Outlet {
    const { x } = this;
    this.#committed = attempt;
    this.#win(attempt);
    const outlet = (this.outlet ??= new Outlet(this));
    if (!outlet.isOpen) this.#open(outlet, this.#openHeaders(attempt));
    if (this.#resumed) this.#continue(attempt, outlet);
    x.onContent(attempt.target.name, this.nowMs());
    return outlet;
  }

  onWhole(attempt: Attempt, body: Buffer, nowMs: number): void {
    this.#settle(attempt, "ok", nowMs);
    this.#win(attempt);
    this.x.onContent(attempt.target.name, nowMs);
    this.#answer(attempt, 200, body);
  }

  onEnd(attempt: Attempt, cell: StreamCell, failure: FailureClass | undefined): void {
    const { x } = this;
    if (cell.action !== "cut") {
      this.#settle(attempt, "ok");
      x.client.end(attempt.last);
      this.#exit("ok", 200);
      return;
    }
    this.#settle(attempt, failure ?? "left");
    if (x.isOver) return;
    if (cell.isResumable && this.#resume(attempt, cell)) return;
    this.#cut(cell.code ?? "LL_STREAM_CUT");
  }

  onMoved(): void {
    const { x, outlet } = this;
    let dueMs = Math.min(this.#totalMs, this.#waitUntilMs, this.#hedgeAtMs);
    if (this.#first) dueMs = Math.min(dueMs, this.#first.dueMs);
    if (this.#hedge) dueMs = Math.min(dueMs, this.#hedge.dueMs);
    if (x.body?.isStream) dueMs = Math.min(dueMs, this.#silentMs);
    this.deadlineMs = outlet ? Math.min(dueMs, outlet.stalledAtMs) : dueMs;
  }

  onDeadline(): void {
    const { nowMs } = this.watch;
    if (nowMs >= this.#totalMs) {
      this.#stop("total_timer");
      return;
    }
    if (this.outlet?.isStalled(nowMs)) {
      this.#stop("client_stalled");
      return;
    }
    if (nowMs >= this.#waitUntilMs) {
      this.#waitUntilMs = never;
      this.#next();
    }
    this.#first?.tick(nowMs);
    this.#hedge?.tick(nowMs);
    if (this.x.isOver) return;
    if (nowMs >= this.#hedgeAtMs) this.#startHedge();
    if (this.x.body?.isStream && nowMs >= this.#silentMs) this.#breakSilence();
    this.onMoved();
  }

  get #live(): Attempt | undefined {
    return this.#first ?? this.#hedge;
  }

  /** Watch time at which the client has heard nothing for too long. */
  get #silentMs(): number {
    const { outlet, settings } = this;
    if (!outlet?.isOpen && !settings.isKeptAliveBeforeContent) return never;
    return (outlet?.lastSentMs ?? this.x.startedMs) + settings.keepAliveMs;
  }

  #next(): void {
    if (this.#tooLong && !this.#resumed) {
      this.#relayCaller(this.#tooLong.attempt, this.#tooLong.failure);
      return;
    }
    const next = this.#plan.next();
    if (next.kind === "attempt") {
      this.#begin(next.permit);
    } else if (this.#resumed) {
      this.#cut(this.#resumed.code ?? "LL_STREAM_CUT");
    } else if (next.kind === "wait") {
      this.#waitUntilMs = this.nowMs() + next.waitMs;
      this.onMoved();
    } else this.#refuse(finalAnswer(this.#failures, next.retryAfterMs));
  }

  #begin(permit: Permit): void {
    const { x } = this;
    const { body } = x;
    const { target } = permit;
    if (!body) {
      permit.end("left");
      this.#deps.refuse(x, { code: "LL_INTERNAL_UNEXPECTED" });
      return;
    }
    const isResume = this.#resumed !== undefined;
    const prefill = isResume ? this.#sent?.text : undefined;
    const prepared = prepareRequest(x, body, permit, prefill);
    if ("code" in prepared) {
      permit.end("unasked");
      // What follows the first target is passed over when it cannot be asked this.
      if (this.#started === 0) this.#refuse(prepared);
      else if (!this.#live) this.#next();
      return;
    }
    const { dialect, translation, request, spanId } = prepared;
    const attempt = new Attempt({ host: this, permit, dialect, translation, isResume, spanId });
    this.#started++;
    if (this.#first) this.#hedge = attempt;
    else this.#first = attempt;
    this.#isHedged ||= permit.isHedge;
    const call = target.upstream.call(request, attempt);
    attempt.attach(call);
    this.onMoved();
  }

  /** A second target beside the first, while nobody has sent content. */
  #startHedge(): void {
    this.#hedgeAtMs = never;
    if (this.#committed || this.#hedge || !this.#first) return;
    const next = this.#plan.next();
    if (next.kind === "attempt") this.#begin(next.permit);
  }

  /** This attempt is the answer; the other one, if any, is ended. */
  #win(attempt: Attempt): void {
    this.#hedgeAtMs = never;
    if (this.#first && this.#first !== attempt) this.#abandon(this.#first);
    if (this.#hedge && this.#hedge !== attempt) this.#abandon(this.#hedge);
  }

  #abandon(attempt: Attempt): void {
    attempt.abort();
    this.#settle(attempt, "left");
  }

  /** Ends everything from this side. */
  #stop(input: StreamInput & (CancelReason | "total_timer" | "client_stalled")): void {
    const { x } = this;
    if (x.isOver) return;
    const isHeadSent = this.outlet?.isOpen ?? false;
    const state = this.#committed?.state ?? (this.#resumed ? "open" : "attempt");
    const cell = this.decide(state, input, isHeadSent);
    const [window, atMs] = [abortWindow(this.#live, this.#started), this.nowMs()];
    for (const attempt of [this.#first, this.#hedge]) if (attempt) this.#abandon(attempt);
    const code = cell.code ?? "LL_INTERNAL_UNEXPECTED";
    if (cell.action === "refuse") this.#refuse({ code });
    else if (cell.action === "cut") this.#cut(code);
    else if (cell.action === "leave") {
      if (input === "client_stalled") x.client.destroy();
      this.#deps.stream.metrics.onAbort(window, this.nowMs() - atMs);
      this.#exit("client_left", 499);
    } else {
      x.client.destroy();
      this.#exit("client_stalled", isHeadSent ? 200 : 499);
    }
  }

  #breakSilence(): void {
    const outlet = (this.outlet ??= new Outlet(this));
    if (!outlet.isOpen) this.#open(outlet, this.#openHeaders(undefined));
    outlet.keepAlive();
  }

  /** Whether another target goes on with the stream that was cut. */
  #resume(attempt: Attempt, cell: StreamCell): boolean {
    const { x } = this;
    if (!this.#sent?.isText || this.#resumes >= (x.route?.resumeMax ?? 0)) return false;
    const next = this.#plan.next();
    if (next.kind !== "attempt") return false;
    this.#resumes++;
    this.#resumed = cell;
    this.#resumedFrom = attempt.target.name;
    this.#committed = undefined;
    this.#begin(next.permit);
    return true;
  }

  #continue(attempt: Attempt, outlet: Outlet): void {
    this.#resumed = undefined;
    const afterChars = this.#sent?.chars ?? 0;
    const to = attempt.target.name;
    this.#deps.stream.onResume(this.x, { from: this.#resumedFrom, to, afterChars });
    outlet.write(Buffer.from(`: resumed target=${to} after=${afterChars}\n\n`), attempt);
  }

  /** The caller's fault; one whose prompt is only too long may be another target's to answer. */
  #refused(attempt: Attempt, failure: AttemptFailure): void {
    const mayAsk = this.#tooLong === undefined && !this.#live && failure.isTooLong === true;
    const permit = mayAsk ? this.#plan.longer() : undefined;
    if (permit) {
      this.#tooLong = { attempt, failure };
      this.#hedgeAtMs = never;
      this.#begin(permit);
    } else this.#relayCaller(attempt, failure);
  }

  #relayCaller(attempt: Attempt, failure: AttemptFailure): void {
    for (const other of [this.#first, this.#hedge]) if (other) this.#abandon(other);
    const body = this.outlet?.isOpen ? undefined : failure.body;
    const shown = shownRefusal(body, attempt.translation);
    if (shown) this.#answer(attempt, failure.status, shown);
    else this.#refuse(finalAnswer([failure], 0));
  }

  #answer(attempt: Attempt, status: number, body: Buffer): void {
    const headers = this.#headers(attempt, wholeType);
    const source = totalUsage(this.x.attempts).source;
    if (status === 200 && source === "estimated") headers.push("x-loadline-usage", source);
    this.x.client.answer(status, headers, body);
    this.#exit(status === 200 ? "ok" : "refused", status);
  }

  #headers(attempt: Attempt | undefined, contentType: string): string[] {
    return answerHeaders(this.x, contentType, {
      target: attempt?.target.name,
      attempts: this.#started,
      isHedged: this.#isHedged,
      dropped: attempt?.translation?.dropped,
    });
  }

  #open(outlet: Outlet, headers: readonly string[]): void {
    this.#deps.stream.metrics.onOpen(1);
    outlet.open(headers);
  }

  #openHeaders(attempt: Attempt | undefined): string[] {
    const isStream = this.x.body?.isStream ?? false;
    const headers = this.#headers(attempt, isStream ? streamType : wholeType);
    if (!isStream) headers.push("x-loadline-commit", "early");
    const asked = attempt ?? this.#live;
    if (this.#sent && asked && !asked.translation) headers.push("x-loadline-resume", "armed");
    return headers;
  }

  #refuse(refusal: Refusal): void {
    if (this.outlet?.isOpen) {
      this.#cut(refusal.code);
      return;
    }
    this.#leaveWatch();
    const attempts = String(this.#started);
    this.#deps.refuse(this.x, { ...refusal, headers: ["x-loadline-attempts", attempts] });
  }

  /** The one error event after which nothing follows; an answer that is no stream breaks off. */
  #cut(code: GatewayErrorCode): void {
    const { x } = this;
    if (x.body?.isStream) x.client.end(dialectOf(x.operation.id).errorFrame({ code }, x.id));
    else x.client.destroy();
    this.#exit("cut", 200, code);
  }

  #settle(attempt: Attempt, outcome: FailureClass | "ok" | "left", endedMs = this.nowMs()): void {
    if (this.#first === attempt) this.#first = undefined;
    else if (this.#hedge === attempt) this.#hedge = undefined;
    const { x } = this;
    const { spanId: id, startedMs } = attempt;
    const tookMs = endedMs - startedMs;
    const failure = outcome === "left" ? "aborted" : outcome;
    x.upstreamMs += tookMs;
    x.attempts.push({
      target: attempt.target.name,
      failure,
      status: attempt.status,
      ms: Math.round(tookMs),
      usage: attempt.usageAfter(outcome),
      span: id === undefined ? undefined : { id, startedMs, endedMs },
    });
    attempt.permit.end(outcome, attempt.retryAfterMs, endedMs);
    this.#deps.onAttempt(attempt.target, failure);
  }

  #leaveWatch(): void {
    this.watch.remove(this);
    if (this.outlet?.isOpen) this.#deps.stream.metrics.onOpen(-1);
    this.x.usage = totalUsage(this.x.attempts);
  }

  #exit(reason: ExitReason, status: number, code?: GatewayErrorCode): void {
    this.#leaveWatch();
    this.x.exit(code === undefined ? { reason, status } : { reason, status, code });
  }
}
