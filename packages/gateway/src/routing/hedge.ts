import type { AnswerKind } from "./answer-kind.ts";
import type { TargetState } from "./target-state.ts";
import { TtftWindow } from "./ttft-window.ts";

const savedMax = 5;
const capacityShare = 0.8;

/**
 * When a second target may start beside a slow first one: not before the p95 of the first contents
 * of 5 minutes, for at most a share of the requests, and not on a target that is nearly full.
 */
export class HedgeControl {
  readonly ttft: Readonly<Record<AnswerKind, TtftWindow>> = {
    stream: new TtftWindow(),
    whole: new TtftWindow(),
  };
  readonly #afterMs: number;
  readonly #share: number;
  #saved = 0;

  constructor(o: { afterMs: number; share: number }) {
    this.#afterMs = o.afterMs;
    this.#share = o.share;
  }

  /** Whether it was made from these settings. */
  isFor(o: { afterMs: number; share: number }): boolean {
    return o.afterMs === this.#afterMs && o.share === this.#share;
  }

  /** A request begins. Returns the ms after which it may be hedged. */
  begin(answers: AnswerKind, nowMs: number): number {
    this.#saved = Math.min(savedMax, this.#saved + this.#share);
    return Math.max(this.#afterMs, this.ttft[answers].p95Ms(nowMs));
  }

  /** Takes one hedge out of the share; false when it is spent. */
  take(): boolean {
    // The epsilon keeps fifty fiftieths from being less than one.
    if (this.#saved < 1 - 1e-9) return false;
    this.#saved -= 1;
    return true;
  }

  /** Whether the target has room for a call that may turn out to be needless. */
  fits(state: TargetState): boolean {
    return state.inFlight + 1 <= state.capacity * capacityShare;
  }
}
