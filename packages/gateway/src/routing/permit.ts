import { noLease } from "@loadline/kit/circuit-breaker";
import { coolingMs, outcomeEffects } from "../breaker/classes.ts";
import type { KeyState } from "../breaker/key-state.ts";
import type { UpstreamKey } from "../upstream/upstream.ts";
import type { AnswerKind } from "./answer-kind.ts";
import type { AttemptOutcome, Permit } from "./attempts.ts";
import type { Target } from "./routes.ts";
import type { TargetState } from "./target-state.ts";

/** Hears of the permits of one plan, or of the prober. */
export interface PermitOwner {
  /** What its attempts are asked for. */
  readonly answers: AnswerKind;
  nowMs(): number;
  onContent(permit: TargetPermit, ttftMs: number, nowMs: number): void;
  onEnd(permit: TargetPermit, outcome: AttemptOutcome, retryAfterMs: number | undefined): void;
  onKeyOut(state: TargetState, key: KeyState): void;
}

/** One place of a target, its breaker's lease and one of its keys, given back at the end. */
export class TargetPermit implements Permit {
  /** A permit is its own answer to `next`: nothing else is made per attempt. */
  readonly kind = "attempt";
  readonly state: TargetState;
  readonly target: Target;
  readonly key: UpstreamKey | undefined;
  readonly isHedge: boolean;
  readonly keyState: KeyState;
  readonly #lease: number;
  readonly #owner: PermitOwner;
  #isEnded = false;

  private constructor(o: {
    state: TargetState;
    keyState: KeyState;
    lease: number;
    owner: PermitOwner;
    isHedge: boolean;
  }) {
    this.state = o.state;
    this.target = o.state.target;
    this.keyState = o.keyState;
    this.key = o.keyState.key;
    this.isHedge = o.isHedge;
    this.#lease = o.lease;
    this.#owner = o.owner;
  }

  /** Takes what an attempt needs of a target; undefined, and nothing taken, when it is not usable. */
  static take(
    state: TargetState,
    owner: PermitOwner,
    o: { nowMs: number; isHedge: boolean },
  ): TargetPermit | undefined {
    const { nowMs, isHedge } = o;
    if (!state.isUsable(nowMs)) return undefined;
    const keyState = state.takeKey(nowMs);
    const lease = keyState ? state.breaker.acquire(nowMs) : noLease;
    if (!keyState || lease === noLease) return undefined;
    state.inFlight++;
    return new TargetPermit({ state, keyState, lease, owner, isHedge });
  }

  get permit(): TargetPermit {
    return this;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  content(ttftMs: number, atMs?: number): void {
    if (this.#isEnded) return;
    const nowMs = atMs ?? this.#owner.nowMs();
    this.state.latency[this.#owner.answers].observe(ttftMs, nowMs);
    this.#owner.onContent(this, ttftMs, nowMs);
  }

  end(outcome: AttemptOutcome, retryAfterMs?: number, atMs?: number): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { state, keyState } = this;
    const owner = this.#owner;
    const nowMs = atMs ?? owner.nowMs();
    const effect = outcomeEffects[outcome];
    state.inFlight--;
    if (effect.target === "failure") state.failed(outcome === "overloaded");
    state.breaker.record(this.#lease, effect.target, nowMs);
    if (effect.coolsTarget && retryAfterMs !== undefined) {
      const waitMs = coolingMs(retryAfterMs);
      state.cool(nowMs + waitMs);
      state.breaker.retryAfter(waitMs, nowMs);
    }
    if (keyState.end(effect.key, retryAfterMs, nowMs)) owner.onKeyOut(state, keyState);
    owner.onEnd(this, outcome, retryAfterMs);
  }
}
