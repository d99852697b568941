import { type Clock, type Timer } from "@loadline/kit/clock";
import type { KeyState } from "../breaker/key-state.ts";
import { provenMs } from "./config.ts";
import { TargetPermit, type PermitOwner } from "./permit.ts";
import { probeCheaply, probeDeeply } from "./probe.ts";
import type { TargetState } from "./target-state.ts";

export type Warmth = "cold" | "warming" | "ready" | "failed";

export interface ProberDeps {
  readonly clock: Clock;
  /** Ends everything. */
  readonly signal: AbortSignal;
  readonly probeEveryMs: number;
  readonly deepEveryMs: number;
  onChange(state: TargetState, from: Warmth, to: Warmth): void;
  onKeyOut(state: TargetState, key: KeyState): void;
  /** Something unforeseen in a round; the next one follows. */
  onFault(cause: unknown): void;
}

/** Connections kept warm, and cheap probes that go out together. */
const probesTogether = 2;
const againMs = 100;
const cheapTimeoutMs = 2000;
const deepTimeoutMs = 10_000;
const trialsMax = 3;

/**
 * Keeps one target warm while it is wanted. Ready: its last two cheap probes were good, on two
 * connections, and a real completion of one token ended well less than two minutes ago. Two failed
 * rounds 100 ms apart make it failed and tell its breaker.
 */
export class TargetProber implements PermitOwner {
  readonly answers = "whole";
  readonly state: TargetState;
  readonly #deps: ProberDeps;
  #warmth: Warmth = "cold";
  #deepAtMs = Number.NEGATIVE_INFINITY;
  #deepGoodAtMs = Number.NEGATIVE_INFINITY;
  /** The last completion was none: the next round asks for another. */
  #isDeepBad = false;
  #timer: Timer | undefined;
  #isRunning = false;

  constructor(state: TargetState, deps: ProberDeps) {
    this.state = state;
    this.#deps = deps;
  }

  get warmth(): Warmth {
    return this.#warmth;
  }

  /** Whether it could take over at this moment: what the last round found, and what is seen now. */
  get isReady(): boolean {
    const { breaker, target } = this.state;
    if (this.#warmth !== "ready" || !target.upstream.isReady()) return false;
    return breaker.stateAt(this.nowMs()) === "closed";
  }

  /** Begins to keep it warm; nothing happens when it already does. */
  start(): void {
    if (this.#warmth !== "cold") return;
    this.state.target.upstream.start?.();
    this.#set("warming");
    this.#later(0);
  }

  /** Lets it go cold. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#set("cold");
  }

  /** Its next round begins now: something was seen that it may know more about. */
  hurry(): void {
    if (!this.#isRunning) this.#later(0);
  }

  nowMs(): number {
    return this.#deps.clock.monotonicMs();
  }

  onContent(): void {
    // A probe's answer is read for its status only.
  }

  onEnd(): void {
    // The round that made the permit goes on by itself.
  }

  onKeyOut(state: TargetState, key: KeyState): void {
    this.#deps.onKeyOut(state, key);
  }

  #later(delayMs: number): void {
    const { clock, signal } = this.#deps;
    if (signal.aborted || this.#warmth === "cold") return;
    this.#timer?.cancel();
    const run = (): void => {
      this.#run().catch((cause: unknown) => {
        this.#isRunning = false;
        this.#deps.onFault(cause);
        this.#later(this.#deps.probeEveryMs);
      });
    };
    this.#timer = clock.after(delayMs, run, { unref: true });
  }

  /** One round; the next follows whatever this one found. */
  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    const isAlive = await this.#probeTwice();
    const isGood = isAlive && (await this.#probeDeep());
    this.#isRunning = false;
    if (this.#warmth === "cold" || this.#deps.signal.aborted) return;
    const isProven = this.nowMs() - this.#deepGoodAtMs < provenMs;
    const isLoading = !this.state.target.upstream.isReady();
    if (isGood && isProven) this.#set("ready");
    else if (this.#warmth !== "warming" || !isLoading) this.#set("failed");
    // A model that loads is looked at often: its first answer is what a pool waits for.
    const { probeEveryMs } = this.#deps;
    this.#later(isLoading ? Math.min(againMs, probeEveryMs) : probeEveryMs);
  }

  /** Two rounds of cheap probes at most: a lost packet alone fails nothing. */
  async #probeTwice(): Promise<boolean> {
    const { clock, signal } = this.#deps;
    for (let round = 0; round < 2; round++) {
      if (round > 0) await clock.sleep(againMs, signal).catch(onlyAborted(signal));
      // A model host that is being started again is not asked, and not held against its breaker.
      if (!this.state.target.upstream.isReady()) return false;
      const isGood = await this.#probeCheap();
      if (this.#deps.signal.aborted) return false;
      this.state.breaker.probe(isGood, this.nowMs());
      if (isGood) return true;
    }
    return false;
  }

  async #probeCheap(): Promise<boolean> {
    const { state } = this;
    const o = { clock: this.#deps.clock, timeoutMs: cheapTimeoutMs, key: state.keys[0]?.key };
    const probes = Array.from({ length: probesTogether }, () => probeCheaply(state.target, o));
    return (await Promise.all(probes)).every(Boolean);
  }

  /** A real completion when one is due, and the trials of a half-open breaker. */
  async #probeDeep(): Promise<boolean> {
    const { breaker } = this.state;
    const isDue = this.#isDeepBad || this.nowMs() - this.#deepAtMs >= this.#deps.deepEveryMs;
    const isTrial = breaker.stateAt(this.nowMs()) === "half_open";
    if (!isDue && !isTrial) return breaker.stateAt(this.nowMs()) === "closed";
    for (let i = 0; i < trialsMax; i++) {
      const permit = TargetPermit.take(this.state, this, { nowMs: this.nowMs(), isHedge: false });
      // Busy or open: nothing new is known, the last completion still counts.
      if (!permit) return !this.#isDeepBad && breaker.stateAt(this.nowMs()) === "closed";
      const o = { clock: this.#deps.clock, timeoutMs: deepTimeoutMs, key: permit.key };
      const { outcome, retryAfterMs } = await probeDeeply(permit.target, o);
      this.#deepAtMs = this.nowMs();
      permit.end(outcome, retryAfterMs);
      this.#isDeepBad = outcome !== "ok";
      if (this.#isDeepBad) return false;
      this.#deepGoodAtMs = this.nowMs();
      if (breaker.stateAt(this.nowMs()) !== "half_open") return true;
    }
    return true;
  }

  #set(to: Warmth): void {
    const from = this.#warmth;
    if (from === to) return;
    this.#warmth = to;
    this.#deps.onChange(this.state, from, to);
  }
}

/** A catch that lets only the end of everything pass. */
function onlyAborted(signal: AbortSignal): (cause: unknown) => void {
  return (cause) => {
    if (!signal.aborted) throw cause;
  };
}
