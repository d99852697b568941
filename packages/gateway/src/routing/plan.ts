import type { Random } from "@loadline/kit/random";
import { outcomeEffects } from "../breaker/classes.ts";
import type { KeyState } from "../breaker/key-state.ts";
import type { Exchange } from "../pipeline/exchange.ts";
import { type AnswerKind, answerKindOf } from "./answer-kind.ts";
import type { AttemptOutcome, AttemptPlan, NextAttempt } from "./attempts.ts";
import type { RoutingMetrics } from "./metrics.ts";
import { TargetPermit, type PermitOwner } from "./permit.ts";
import type { RouteState, Tried } from "./route-state.ts";
import { mayFallBack, servesOperation } from "./serves.ts";
import type { TargetState } from "./target-state.ts";

export interface PlanDeps {
  nowMs(): number;
  readonly random: Random;
  readonly metrics: RoutingMetrics;
  onKeyOut(state: TargetState, key: KeyState): void;
}

const backoffFirstMs = 50;
const backoffMaxMs = 1000;
const spreadMs = 250;

/**
 * The attempts of one exchange: at most `attemptsMax`, one per target. The same target again only
 * with another key, or after a Retry-After of at most `waitMaxMs` when no other is left; both draw
 * on the target's retry budget. When all that is left rests for no longer than that, it is waited
 * for once. A caller's fault is never tried again.
 */
export class Plan implements AttemptPlan, PermitOwner, Tried {
  readonly hedgeAfterMs: number;
  readonly answers: AnswerKind;
  readonly #x: Exchange;
  readonly #route: RouteState | undefined;
  readonly #deps: PlanDeps;
  readonly #tried: TargetState[] = [];
  #attempts = 0;
  #open = 0;
  /** Where the last attempt ended. */
  #last: TargetState | undefined;
  /** Where the attempt under way came from, until it is known that its target was asked. */
  #failover: { readonly from: TargetState; readonly outcome: AttemptOutcome } | undefined;
  #next: "target" | "key" | "never" = "target";
  #waitFor: TargetState | undefined;
  /** Targets of this plan that named a Retry-After worth waiting for. */
  #waitable: TargetState[] | undefined;
  #failedAtMs = -1;
  #failed: TargetState | undefined;
  #failure: AttemptOutcome = "ok";
  #hasWaited = false;

  constructor(x: Exchange, route: RouteState | undefined, deps: PlanDeps) {
    this.#x = x;
    this.#route = route;
    this.#deps = deps;
    this.answers = answerKindOf(x);
    this.hedgeAfterMs = route?.hedge ? route.hedge.begin(this.answers, deps.nowMs()) : -1;
  }

  nowMs(): number {
    return this.#deps.nowMs();
  }

  hasTried(state: TargetState): boolean {
    return this.#tried.includes(state);
  }

  next(): NextAttempt {
    const route = this.#route;
    const nowMs = this.#deps.nowMs();
    if (!route) return { kind: "none", retryAfterMs: 0 };
    if (this.#open > 0) return this.#hedge(route, nowMs) ?? this.#none(route, nowMs);
    const isOver = this.#attempts > 0 && this.#next === "never";
    if (isOver || this.#attempts >= route.attemptsMax) return this.#none(route, nowMs);
    return (
      this.#waited(nowMs) ??
      this.#sameTarget(nowMs) ??
      this.#otherTarget(route, nowMs) ??
      this.#wait(route, nowMs) ??
      this.#waitForFirst(route, nowMs) ??
      this.#none(route, nowMs)
    );
  }

  longer(): TargetPermit | undefined {
    const route = this.#route;
    const state = route?.longer;
    const from = this.#last;
    if (!state || !from || this.#open > 0 || this.#attempts >= route.attemptsMax) return undefined;
    if (this.hasTried(state) || !mayFallBack(this.#x) || !servesOperation(state.target, this.#x))
      return undefined;
    const permit = this.#attempt(state, this.#deps.nowMs(), false);
    if (permit) this.#failover = { from, outcome: "caller" };
    return permit;
  }

  onContent(permit: TargetPermit, ttftMs: number, nowMs: number): void {
    const route = this.#route;
    this.#wentOver(permit);
    route?.hedge?.ttft[this.answers].observe(ttftMs, nowMs);
    if (permit.isHedge) this.#deps.metrics.onHedge("won");
    if (this.#failedAtMs < 0 || !route) return;
    // The same target after a wait is a retry, not a switch.
    if (permit.state !== this.#failed)
      this.#deps.metrics.onSwitch(route.route.index, nowMs - this.#failedAtMs);
    this.#failedAtMs = -1;
  }

  onEnd(permit: TargetPermit, outcome: AttemptOutcome, retryAfterMs: number | undefined): void {
    this.#open--;
    const effect = outcomeEffects[outcome];
    this.#next = effect.next;
    if (outcome === "unasked") {
      this.#attempts--;
      if (!permit.isHedge) this.#failover = undefined;
      return;
    }
    this.#last = permit.state;
    this.#wentOver(permit);
    if (effect.next === "never") return;
    this.#failure = outcome;
    const waitMaxMs = this.#route?.waitMaxMs ?? 0;
    if (this.#failedAtMs < 0) {
      this.#failedAtMs = this.#deps.nowMs();
      this.#failed = permit.state;
    }
    const isWaitable = outcome === "rate_limited" || outcome === "overloaded";
    if (isWaitable && retryAfterMs !== undefined && retryAfterMs <= waitMaxMs)
      (this.#waitable ??= []).push(permit.state);
  }

  onKeyOut(state: TargetState, key: KeyState): void {
    this.#deps.onKeyOut(state, key);
  }

  #attempt(state: TargetState, nowMs: number, isHedge: boolean): TargetPermit | undefined {
    const permit = TargetPermit.take(state, this, { nowMs, isHedge });
    if (!permit) return undefined;
    if (this.#attempts++ === 0) state.budget.credit();
    this.#open++;
    if (!this.#tried.includes(state)) this.#tried.push(state);
    return permit;
  }

  #otherTarget(route: RouteState, nowMs: number): TargetPermit | undefined {
    if (this.#attempts > 0 && !mayFallBack(this.#x)) return undefined;
    const state = route.pick(this.#x, this, nowMs);
    const from = this.#last;
    const permit = state && this.#attempt(state, nowMs, false);
    if (permit && from) this.#failover = { from, outcome: this.#failure };
    return permit;
  }

  /** Counts that another target was asked. A hedge is no failover, whatever goes on beside it. */
  #wentOver(permit: TargetPermit): void {
    const failover = this.#failover;
    if (!failover || permit.isHedge) return;
    this.#failover = undefined;
    this.#deps.metrics.onFailover(failover.from.name, permit.state.name, failover.outcome);
  }

  /** The target that refused its key, with another key. */
  #sameTarget(nowMs: number): TargetPermit | undefined {
    const state = this.#last;
    if (this.#next !== "key" || !state || state.keys.length < 2) return undefined;
    if (!state.isUsable(nowMs)) return undefined;
    return this.#takeRetry(state, nowMs) ? this.#attempt(state, nowMs, false) : undefined;
  }

  /** The target that was waited for; its retry was paid when the wait began. */
  #waited(nowMs: number): TargetPermit | undefined {
    const state = this.#waitFor;
    this.#waitFor = undefined;
    return state && this.#attempt(state, nowMs, false);
  }

  #wait(route: RouteState, nowMs: number): NextAttempt | undefined {
    if (!this.#waitable) return undefined;
    const { waitMaxMs } = route;
    const { random } = this.#deps;
    let waitMs = Number.POSITIVE_INFINITY;
    let soonest: TargetState | undefined;
    for (const state of this.#waitable) {
      const stateMs = state.waitMs(nowMs);
      if (stateMs > waitMaxMs || stateMs >= waitMs) continue;
      waitMs = stateMs;
      soonest = state;
    }
    if (!soonest || !this.#takeRetry(soonest, nowMs)) return undefined;
    this.#waitFor = soonest;
    this.#waitable = this.#waitable.filter((state) => state !== soonest);
    const backoffMs = Math.min(backoffMaxMs, backoffFirstMs * 2 ** (this.#attempts - 1));
    return { kind: "wait", waitMs: waitMs + random.unit() * backoffMs };
  }

  /** Every target left rests for a short while: the call waits for the first of them, once. */
  #waitForFirst(route: RouteState, nowMs: number): NextAttempt | undefined {
    const isSettled = this.#attempts > 0 && !mayFallBack(this.#x);
    if (this.#hasWaited || isSettled) return undefined;
    const restMs = route.coolWaitMs(this.#x, this, nowMs);
    if (restMs > route.waitMaxMs) return undefined;
    this.#hasWaited = true;
    // Drawn apart, so that those who wait do not come all at once.
    return { kind: "wait", waitMs: restMs + this.#deps.random.unit() * Math.min(restMs, spreadMs) };
  }

  #hedge(route: RouteState, nowMs: number): TargetPermit | undefined {
    const { metrics } = this.#deps;
    const { hedge, attemptsMax } = route;
    if (!hedge || this.#open > 1 || this.#attempts >= attemptsMax) return undefined;
    const state = mayFallBack(this.#x) ? route.pick(this.#x, this, nowMs) : undefined;
    const isAllowed = state !== undefined && hedge.fits(state) && hedge.take();
    metrics.onHedge(isAllowed ? "started" : "refused");
    return isAllowed ? this.#attempt(state, nowMs, true) : undefined;
  }

  #takeRetry(state: TargetState, nowMs: number): boolean {
    const isPaid = state.budget.take(nowMs);
    this.#deps.metrics.onRetry(state.index, isPaid);
    return isPaid;
  }

  #none(route: RouteState, nowMs: number): NextAttempt {
    return { kind: "none", retryAfterMs: route.waitMs(this.#x, nowMs) };
  }
}
