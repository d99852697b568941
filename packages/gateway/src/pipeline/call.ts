import { upstreamEdits } from "../body/request.ts";
import { spliceBytes } from "../body/splice.ts";
import type { GatewayErrorCode } from "../errors.ts";
import type { AttemptPlan, Router } from "../routing/attempts.ts";
import type { Target } from "../routing/routes.ts";
import { Attempt, type AttemptFailure, type AttemptHost } from "../stream/attempt.ts";
import { errorFrame } from "../stream/frames.ts";
import type { FailureClass } from "../upstream/upstream.ts";
import type { Watch } from "../upstream/watch.ts";
import type { CancelReason, Exchange, Refusal } from "./exchange.ts";
import { modelOnly, type Stage } from "./stage.ts";

export interface CallDeps {
  readonly watch: Watch;
  /** Decides which targets are tried. */
  readonly router: Router;
  nowMs(): number;
  /** Answers with the gateway's own error, through the pipeline. */
  refuse(x: Exchange, refusal: Refusal): void;
  /** Counts one attempt. */
  onAttempt(target: Target, failure: FailureClass | "ok"): void;
}

/** Calls the route's targets in order until one answers; relays its answer or stream. */
export function callStage(deps: CallDeps): Stage {
  return {
    id: "call",
    summary: "upstream -> client",
    wired: modelOnly,
    run(x) {
      // The exit comes from the upstream's events, so the pipeline ends here.
      new CallRun(x, deps).next();
      return undefined;
    },
  };
}

class CallRun implements AttemptHost {
  readonly watch: Watch;
  readonly #x: Exchange;
  readonly #deps: CallDeps;
  readonly #plan: AttemptPlan;
  readonly #failures: AttemptFailure[] = [];

  constructor(x: Exchange, deps: CallDeps) {
    this.#x = x;
    this.#deps = deps;
    this.watch = deps.watch;
    this.#plan = deps.router.plan(x);
  }

  nowMs(): number {
    return this.#deps.nowMs();
  }

  next(): void {
    const x = this.#x;
    const next = this.#plan.next();
    if (next.kind !== "attempt" || !x.body) {
      this.#deps.refuse(x, finalAnswer(this.#failures));
      return;
    }
    const { target } = next.permit;
    const attempt = new Attempt({ x, target, host: this, nowMs: this.nowMs() });
    x.cancel = (why) => this.#cancel(attempt, why);
    const addUsage = target.provider.usage.streamOption;
    const edits = upstreamEdits(x.body, { model: target.model, addUsage });
    const call = target.upstream.call(
      {
        operation: x.operation.id === "embeddings" ? "embeddings" : "chat",
        body: spliceBytes(x.body.bytes, edits),
        isStream: x.body.isStream,
        traceparent: x.picked?.traceparent,
      },
      attempt,
    );
    attempt.attach(call);
  }

  onFailure(attempt: Attempt, failure: AttemptFailure): void {
    this.#record(attempt, failure.failure, failure.status);
    if (this.#x.isOver) return;
    const own = failure.failure === "caller" ? failure.body : undefined;
    if (own && own[0] === 0x7b) {
      this.#answer(attempt, failure.status, own, "application/json");
      return;
    }
    this.#failures.push(failure);
    if (failure.failure === "caller") this.#deps.refuse(this.#x, finalAnswer(this.#failures));
    else this.next();
  }

  onWhole(attempt: Attempt, contentType: string, body: Buffer, usage: Exchange["usage"]): void {
    this.#record(attempt, "ok", 200);
    this.#x.usage = usage;
    this.#x.contentMs = attempt.sinceStartMs();
    this.#answer(attempt, 200, body, contentType || "application/json");
  }

  onStreamEnd(attempt: Attempt, failure: FailureClass | undefined): void {
    const x = this.#x;
    this.#record(attempt, failure ?? "ok", attempt.status);
    if (!failure) {
      x.exit({ reason: "ok", status: 200 });
      return;
    }
    const code = streamCode(failure);
    x.client.end(errorFrame({ code }, x.id));
    x.exit({ reason: "cut", status: 200, code });
  }

  #answer(attempt: Attempt, status: number, body: Buffer, contentType: string): void {
    const x = this.#x;
    x.client.answer(
      status,
      [
        "content-type",
        contentType,
        "x-request-id",
        x.id,
        "x-loadline-target",
        attempt.target.name,
        "x-loadline-attempts",
        String(x.attempts.length),
        "cache-control",
        "no-store",
      ],
      body,
    );
    x.exit({ reason: status === 200 ? "ok" : "refused", status });
  }

  #cancel(attempt: Attempt, why: CancelReason): void {
    const x = this.#x;
    if (x.isOver || attempt.isOver) return;
    attempt.abort();
    this.#record(attempt, "aborted", attempt.status);
    if (why === "client_left") x.exit({ reason: "client_left", status: 499 });
    else if (attempt.isCommitted) {
      x.client.end(errorFrame({ code: "LL_SERVER_DRAINING" }, x.id));
      x.exit({ reason: "cut", status: 200, code: "LL_SERVER_DRAINING" });
    } else this.#deps.refuse(x, { code: "LL_SERVER_DRAINING" });
  }

  #record(attempt: Attempt, failure: FailureClass | "ok", status: number): void {
    const ms = Math.round(this.nowMs() - attempt.startedMs);
    this.#x.upstreamMs += this.nowMs() - attempt.startedMs;
    this.#x.attempts.push({ target: attempt.target.name, failure, status, ms });
    this.#deps.onAttempt(attempt.target, failure);
  }
}

const streamCodes: Readonly<Partial<Record<FailureClass, GatewayErrorCode>>> = {
  stall: "LL_STREAM_STALL",
  timeout: "LL_STREAM_STALL",
  bad_event: "LL_STREAM_BAD_EVENT",
  server: "LL_STREAM_UPSTREAM_ERROR",
};

function streamCode(failure: FailureClass): GatewayErrorCode {
  return streamCodes[failure] ?? "LL_STREAM_CUT";
}

/** The answer when nothing was sent and no target is left. */
export function finalAnswer(failures: readonly AttemptFailure[]): Refusal {
  const last = failures.at(-1);
  if (!last) return { code: "LL_ROUTE_NO_TARGET", retryAfterMs: 1000 };
  if (last.failure === "caller") {
    return { code: "LL_BODY_FIELD", message: "The upstream refused the request." };
  }
  if (failures.every((f) => f.failure === "rate_limited" || f.failure === "overloaded")) {
    const waits = failures.map((f) => f.retryAfterMs ?? 1000);
    const isLimit = failures.every((f) => f.failure === "rate_limited");
    const code = isLimit ? "LL_UPSTREAM_BUSY" : "LL_ROUTE_NO_TARGET";
    return { code, retryAfterMs: Math.min(...waits) };
  }
  if (last.failure === "timeout") return { code: "LL_UPSTREAM_TIMEOUT" };
  if (failures.every((f) => f.failure === "key")) return { code: "LL_UPSTREAM_AUTH" };
  return { code: "LL_UPSTREAM_FAILED" };
}
