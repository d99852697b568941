import type { Breaker } from "@loadline/kit/circuit-breaker";
import { KeyState } from "../breaker/key-state.ts";
import type { AnswerKind } from "./answer-kind.ts";
import { PeakEwma } from "./peak-ewma.ts";
import { Ramp } from "./ramp.ts";
import { RetryBudget } from "./retry-budget.ts";
import type { Target } from "./routes.ts";

/** Currency units per million tokens, and per request. */
export interface TokenPrice {
  readonly input: number;
  readonly output: number;
  readonly request: number;
}

export interface TargetStateOptions {
  readonly target: Target;
  /** Its label index in the metrics. */
  readonly index: number;
  /** What its breaker was made from, as text: equal texts are equal settings. */
  readonly settings: string;
  readonly breaker: Breaker;
  readonly tuning: TargetTuning;
}

/** What a reload changes without anything being forgotten. */
export interface TargetTuning {
  readonly retry: { readonly share: number; readonly perSecond: number };
  readonly weight: number;
  readonly maxInFlight: number;
  /** Calls it works on at once, by its bulkhead, its model's sequences or its connections. */
  readonly capacity: number;
  /** What it costs now; undefined when nobody said. */
  readonly price: () => TokenPrice | undefined;
}

const notReadyWaitMs = 1000;
/** How many of the last failures say what kind they are. */
const recentFailures = 8;

/** What this process knows of a target: breaker, keys, calls under way, latency. */
export class TargetState {
  readonly name: string;
  readonly index: number;
  readonly settings: string;
  readonly breaker: Breaker;
  budget: RetryBudget;
  readonly keys: readonly KeyState[];
  /** Times to the first content. */
  readonly latency: Readonly<Record<AnswerKind, PeakEwma>> = {
    stream: new PeakEwma(),
    whole: new PeakEwma(),
  };
  readonly ramp = new Ramp();
  readonly target: Target;
  inFlight = 0;
  cooledUntilMs = 0;
  #nextKey = 0;
  /** The last failures, the newest in bit 0: 1 for one of a target that was full. */
  #full = 0;
  #failures = 0;
  #tuning: TargetTuning;

  constructor(o: TargetStateOptions) {
    this.name = o.target.name;
    this.index = o.index;
    this.settings = o.settings;
    this.breaker = o.breaker;
    this.#tuning = o.tuning;
    this.budget = new RetryBudget(o.tuning.retry);
    this.target = o.target;
    const keys = o.target.keys.map((key) => new KeyState(key));
    this.keys = keys.length > 0 ? keys : [new KeyState(undefined)];
  }

  get weight(): number {
    return this.#tuning.weight;
  }

  get maxInFlight(): number {
    return this.#tuning.maxInFlight;
  }

  get capacity(): number {
    return this.#tuning.capacity;
  }

  price(): TokenPrice | undefined {
    return this.#tuning.price();
  }

  /** Goes over to other figures; breaker, keys, latency and calls under way stay. */
  tune(tuning: TargetTuning): void {
    const { retry } = this.#tuning;
    const isSame = retry.share === tuning.retry.share && retry.perSecond === tuning.retry.perSecond;
    if (!isSame) this.budget = new RetryBudget(tuning.retry);
    this.#tuning = tuning;
  }

  /** Whether a call could begin now. */
  isUsable(nowMs: number): boolean {
    return (
      this.inFlight < this.maxInFlight &&
      nowMs >= this.cooledUntilMs &&
      this.breaker.admits(nowMs) &&
      this.target.upstream.isReady() &&
      this.#keyAt(nowMs) >= 0
    );
  }

  /** The credential of a call that begins now: usable ones take turns. */
  takeKey(nowMs: number): KeyState | undefined {
    const at = this.#keyAt(nowMs);
    const key = this.keys[at];
    if (!key) return undefined;
    this.#nextKey = (at + 1) % this.keys.length;
    key.take(nowMs);
    return key;
  }

  /** ms until a call could begin, as far as is known; 0 when one could begin now. */
  waitMs(nowMs: number): number {
    const restMs = Math.max(this.#coolMs(nowMs), this.breaker.waitMs(nowMs));
    const isBusy = this.inFlight >= this.maxInFlight || !this.target.upstream.isReady();
    return isBusy ? Math.max(restMs, notReadyWaitMs) : Math.max(0, restMs);
  }

  /** ms until a call could begin, when only a Retry-After stands before it; else infinity. */
  coolWaitMs(nowMs: number): number {
    const isOpen = this.inFlight < this.maxInFlight && this.target.upstream.isReady();
    return isOpen && this.breaker.admits(nowMs) ? this.#coolMs(nowMs) : Number.POSITIVE_INFINITY;
  }

  /** A call failed; `isFull`: because it had too many. */
  failed(isFull: boolean): void {
    this.#full = ((this.#full << 1) | Number(isFull)) & (2 ** recentFailures - 1);
    this.#failures = Math.min(recentFailures, this.#failures + 1);
  }

  /** Whether most of its last failures were for too many calls: they say nothing of its answers. */
  get isOverloaded(): boolean {
    let full = 0;
    for (let bits = this.#full; bits > 0; bits >>= 1) full += bits & 1;
    return full > this.#failures / 2;
  }

  cool(untilMs: number): void {
    this.cooledUntilMs = Math.max(this.cooledUntilMs, untilMs);
  }

  #coolMs(nowMs: number): number {
    let keyMs = Number.POSITIVE_INFINITY;
    for (const key of this.keys) keyMs = Math.min(keyMs, key.waitMs(nowMs));
    return Math.max(0, this.cooledUntilMs - nowMs, keyMs);
  }

  #keyAt(nowMs: number): number {
    const count = this.keys.length;
    for (let i = 0; i < count; i++) {
      const at = (this.#nextKey + i) % count;
      if (this.keys[at]?.waitMs(nowMs) === 0) return at;
    }
    return -1;
  }
}
