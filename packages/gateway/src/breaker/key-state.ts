import type { BreakerState } from "@loadline/kit/circuit-breaker";
import type { UpstreamKey } from "../upstream/upstream.ts";
import { coolingMs, type OutcomeEffect } from "./classes.ts";

const outMs = 300_000;
const trialMs = 30_000;

/**
 * One upstream credential, or the absence of one. Cooled by 429 until its Retry-After; out after a
 * refusal: 5 minutes later one call at a time may try it, and the first good one brings it back.
 */
export class KeyState {
  readonly key: UpstreamKey | undefined;
  #cooledUntilMs = 0;
  #isOut = false;
  #outUntilMs = 0;
  #trialUntilMs = 0;
  #forced: "open" | "closed" | undefined;

  constructor(key: UpstreamKey | undefined) {
    this.key = key;
  }

  /** Open while it rests or is out, half-open while a trial is due or under way. */
  stateAt(nowMs: number): BreakerState {
    if (this.#forced !== undefined) return this.#forced;
    const isResting = nowMs < this.#cooledUntilMs || (this.#isOut && nowMs < this.#outUntilMs);
    if (isResting) return "open";
    return this.#isOut ? "half_open" : "closed";
  }

  get forced(): "open" | "closed" | undefined {
    return this.#forced;
  }

  /** ms until a call may take it; 0: now. */
  waitMs(nowMs: number): number {
    if (this.#forced !== undefined) return this.#forced === "open" ? outMs : 0;
    const untilMs = this.#isOut
      ? Math.max(this.#cooledUntilMs, this.#outUntilMs, this.#trialUntilMs)
      : this.#cooledUntilMs;
    return Math.max(0, untilMs - nowMs);
  }

  /** A call begins with it. */
  take(nowMs: number): void {
    if (this.#isOut) this.#trialUntilMs = nowMs + trialMs;
  }

  /** A call with it ended. True when this took the key away. */
  end(effect: OutcomeEffect["key"], retryAfterMs: number | undefined, nowMs: number): boolean {
    this.#trialUntilMs = 0;
    if (effect === "none") return false;
    if (effect === "good") {
      // A call begun before the refusal proves nothing after it.
      if (this.#outUntilMs <= nowMs) this.#isOut = false;
      return false;
    }
    if (effect === "cool") {
      this.#cooledUntilMs = Math.max(this.#cooledUntilMs, nowMs + coolingMs(retryAfterMs));
      return false;
    }
    const wasOut = this.#isOut;
    this.#isOut = true;
    this.#outUntilMs = nowMs + outMs;
    return !wasOut;
  }

  /** An admin's word: held out or held good; undefined: it starts anew as good. */
  force(state: "open" | "closed" | undefined): void {
    this.#forced = state;
    this.#isOut = false;
    this.#cooledUntilMs = 0;
    this.#trialUntilMs = 0;
  }
}
