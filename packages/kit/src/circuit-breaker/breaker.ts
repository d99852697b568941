import type { Random } from "../random/index.ts";
import { OutcomeWindow } from "./outcome-window.ts";
import type { BreakerSettings } from "./settings.ts";

export type BreakerState = "closed" | "half_open" | "open";
export type BreakerOutcome = "success" | "failure" | "neutral";
/** `rate fast probe` open; `due` half-opens; `passed failed` end half-open; `forced` is an admin's. */
export type BreakerReason = "rate" | "fast" | "probe" | "due" | "passed" | "failed" | "forced";

export const breakerStates: readonly BreakerState[] = ["closed", "half_open", "open"];
export const breakerReasons: readonly BreakerReason[] = [
  "rate",
  "fast",
  "probe",
  "due",
  "passed",
  "failed",
  "forced",
];

export interface BreakerTransition {
  readonly from: BreakerState;
  readonly to: BreakerState;
  readonly reason: BreakerReason;
  /** Monotonic ms. */
  readonly atMs: number;
}

export interface BreakerDeps {
  readonly settings: BreakerSettings;
  readonly random: Random;
  /** Called within the step that changed the state. */
  readonly onTransition?: (transition: BreakerTransition) => void;
}

/** What a breaker is to those who call through it; times are monotonic ms. */
export interface Breaker {
  readonly forced: "open" | "closed" | undefined;
  readonly outcomes: number;
  readonly failures: number;
  readonly sinceMs: number;
  stateAt(nowMs: number): BreakerState;
  admits(nowMs: number): boolean;
  acquire(nowMs: number): number;
  record(lease: number, outcome: BreakerOutcome, nowMs: number): void;
  probe(isGood: boolean, nowMs: number): void;
  retryAfter(waitMs: number, nowMs: number): void;
  waitMs(nowMs: number): number;
  force(state: "open" | "closed" | undefined, nowMs: number): void;
}

/** A lease that was not given. */
export const noLease = -1;

const retryAfterMaxMs = 3_600_000;

/**
 * Decides from outcomes and a time; starts no timer and reads no clock.
 *
 * | state | admits | leaves |
 * |---|---|---|
 * | closed | all | -> open by `rate`, `fast` or `probe` |
 * | open | none | -> half_open when its time is over |
 * | half_open | `halfOpenPermits` leases | -> closed after as many successes, -> open on one failure |
 *
 * A neutral outcome or a lease that ran out gives its permit back and counts nothing. An outcome
 * that comes after its lease ran out still counts within the same half_open, so that calls longer
 * than a lease can close it; one of an earlier state counts nothing. Each lease is recorded once.
 */
export class CircuitBreaker implements Breaker {
  readonly settings: BreakerSettings;
  readonly #random: Random;
  readonly #onTransition: ((transition: BreakerTransition) => void) | undefined;
  readonly #window: OutcomeWindow;
  #state: BreakerState = "closed";
  #forced: "open" | "closed" | undefined;
  /** Leases of the state of now are at least this. */
  #firstLease = 0;
  #nextLease = 0;
  readonly #leases: Float64Array;
  readonly #leaseEndsMs: Float64Array;
  #successes = 0;
  #sinceMs = 0;
  #openUntilMs = 0;
  #failedHalfOpens = 0;
  #lastSuccessMs = Number.NEGATIVE_INFINITY;
  #failedProbeMs = Number.NaN;

  constructor(deps: BreakerDeps) {
    this.settings = deps.settings;
    this.#random = deps.random;
    this.#onTransition = deps.onTransition;
    this.#window = new OutcomeWindow(deps.settings);
    this.#leases = new Float64Array(deps.settings.halfOpenPermits).fill(noLease);
    this.#leaseEndsMs = new Float64Array(deps.settings.halfOpenPermits);
  }

  /** State of `nowMs`: an open breaker whose time is over half-opens here. */
  stateAt(nowMs: number): BreakerState {
    if (this.#state === "open" && this.#forced === undefined && nowMs >= this.#openUntilMs) {
      this.#enter("half_open", "due", this.#openUntilMs);
    }
    return this.#state;
  }

  /** What an admin forced, or undefined when it decides by itself. */
  get forced(): "open" | "closed" | undefined {
    return this.#forced;
  }

  get outcomes(): number {
    return this.#window.size;
  }

  get failures(): number {
    return this.#window.failures;
  }

  /** Monotonic ms of the last transition. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** Whether `acquire` would give a lease. */
  admits(nowMs: number): boolean {
    const state = this.stateAt(nowMs);
    return state === "closed" || (state === "half_open" && this.#freeLease(nowMs) >= 0);
  }

  /** A lease for one call, or `noLease`. */
  acquire(nowMs: number): number {
    const state = this.stateAt(nowMs);
    // All leases of one stay in closed are one number: nothing is held for them.
    if (state === "closed") return this.#firstLease;
    const at = state === "half_open" ? this.#freeLease(nowMs) : -1;
    if (at < 0) return noLease;
    const lease = this.#nextLease++;
    this.#leases[at] = lease;
    this.#leaseEndsMs[at] = nowMs + this.settings.leaseMs;
    return lease;
  }

  /** Ends a lease with its outcome. */
  record(lease: number, outcome: BreakerOutcome, nowMs: number): void {
    const state = this.stateAt(nowMs);
    if (lease < this.#firstLease || state === "open") return;
    if (state === "half_open") {
      const at = this.#leases.indexOf(lease);
      if (at >= 0) this.#leases[at] = noLease;
    }
    if (outcome === "neutral") return;
    const isFailure = outcome === "failure";
    if (!isFailure) this.#lastSuccessMs = nowMs;
    if (state === "closed") this.#count(isFailure, nowMs);
    else if (isFailure) this.#reopen(nowMs);
    else if (++this.#successes >= this.settings.halfOpenPermits) {
      this.#enter("closed", "passed", nowMs);
    }
  }

  /** Result of a probe made without a lease; only counts in closed. */
  probe(isGood: boolean, nowMs: number): void {
    if (this.stateAt(nowMs) !== "closed" || this.#forced !== undefined) return;
    if (isGood) {
      this.#lastSuccessMs = nowMs;
      this.#failedProbeMs = Number.NaN;
      return;
    }
    const { probeGapMs, probePeriodMs } = this.settings;
    if (!(this.#failedProbeMs >= this.#lastSuccessMs)) {
      this.#failedProbeMs = nowMs;
      return;
    }
    const isSilent = nowMs - this.#lastSuccessMs >= probePeriodMs;
    if (isSilent && nowMs - this.#failedProbeMs >= probeGapMs) this.#trip("probe", nowMs);
  }

  /** An upstream's Retry-After: an open breaker stays open at least so long, at most an hour. */
  retryAfter(waitMs: number, nowMs: number): void {
    if (this.stateAt(nowMs) !== "open") return;
    const untilMs = nowMs + Math.min(waitMs, retryAfterMaxMs);
    this.#openUntilMs = Math.max(this.#openUntilMs, untilMs);
  }

  /** ms until a lease may be given again; 0 when one would be given now. */
  waitMs(nowMs: number): number {
    if (this.admits(nowMs)) return 0;
    if (this.#forced === "open") return this.settings.openForMaxMs;
    if (this.#state === "open") return this.#openUntilMs - nowMs;
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const endMs of this.#leaseEndsMs) soonestMs = Math.min(soonestMs, endMs - nowMs);
    return Math.max(0, soonestMs);
  }

  /** Holds the breaker open or closed whatever happens; undefined lets it decide, from closed. */
  force(state: "open" | "closed" | undefined, nowMs: number): void {
    this.#forced = undefined;
    this.#failedHalfOpens = 0;
    this.#enter(state ?? "closed", "forced", nowMs);
    this.#forced = state;
  }

  #count(isFailure: boolean, nowMs: number): void {
    const window = this.#window;
    window.add(isFailure, nowMs);
    if (this.#forced !== undefined || window.failures === 0) return;
    const { rate, minVolume, minFailures, fastFailures, fastOf } = this.settings;
    const n = window.size;
    if (n >= fastOf && window.lastFailures >= fastFailures) this.#trip("fast", nowMs);
    else if (n >= minVolume && window.failures >= minFailures && window.failures / n > rate) {
      this.#trip("rate", nowMs);
    }
  }

  #trip(reason: "rate" | "fast" | "probe", nowMs: number): void {
    if (nowMs - this.#sinceMs >= this.settings.resetAfterMs) this.#failedHalfOpens = 0;
    this.#open(reason, nowMs);
  }

  #reopen(nowMs: number): void {
    this.#failedHalfOpens++;
    this.#open("failed", nowMs);
  }

  #open(reason: BreakerReason, nowMs: number): void {
    const { openForMs, openForMaxMs, jitter } = this.settings;
    const plainMs = Math.min(openForMs * 2 ** Math.min(this.#failedHalfOpens, 30), openForMaxMs);
    this.#openUntilMs = nowMs + plainMs * (1 + jitter * (2 * this.#random.unit() - 1));
    this.#enter("open", reason, nowMs);
  }

  #enter(to: BreakerState, reason: BreakerReason, atMs: number): void {
    const from = this.#state;
    this.#state = to;
    this.#sinceMs = atMs;
    this.#successes = 0;
    this.#failedProbeMs = Number.NaN;
    this.#leases.fill(noLease);
    // Leases of the state before are below the first one of this state.
    this.#firstLease = ++this.#nextLease;
    this.#nextLease++;
    if (to !== "half_open") this.#window.clear();
    if (from !== to) this.#onTransition?.({ from, to, reason, atMs });
  }

  /** Index of a permit of half_open that is free or ran out, or -1. */
  #freeLease(nowMs: number): number {
    for (let i = 0; i < this.#leases.length; i++) {
      if (this.#leases[i] === noLease || (this.#leaseEndsMs[i] ?? 0) <= nowMs) return i;
    }
    return -1;
  }
}
