import { provesFailure, provesSuccess, samplesNeeded } from "@loadline/contract/browser";
import type { FindPeakScenario } from "../scenario-types.ts";
import { peakStepsDefault } from "../plan/duration.ts";

/** What was counted in one step. */
export interface PeakCounts {
  readonly due: number;
  /** Ok within the limit; what had not ended by the end of the drain is not in it. */
  readonly within: number;
  /** In-flight and median rose: the step was cut short. */
  readonly cut: boolean;
}

export interface PeakStepResult {
  /** Per second. */
  readonly rate: number;
  readonly seed: number;
  readonly n: number;
  readonly bad: number;
  readonly verdict: "passed" | "failed" | "undecided";
  readonly cut: boolean;
  /** A second step of the winner, with a seed of its own. */
  readonly confirms: boolean;
}

export interface PeakResult {
  readonly steps: readonly PeakStepResult[];
  /** Per second, each seen in a step; null when no step passed, or none failed. */
  readonly highestPassing: number | null;
  readonly lowestFailing: number | null;
  /** The highest passing rate passed twice, with different arrivals. */
  readonly confirmed: boolean;
}

export interface PeakPlan {
  readonly rate: number;
  readonly seed: number;
  readonly durationMs: number;
}

const closeEnough = 0.05;
const shareDefault = 0.99;
const confidenceDefault = 0.95;
/** The first rate is halved this often at most before the search gives up. */
const halvingsMax = 8;

/** Doubles, then bisects to 5 %, then confirms; each step is judged by the contract's bounds. */
export class PeakSearch {
  readonly #scenario: FindPeakScenario;
  readonly #seed: number;
  readonly #steps: PeakStepResult[] = [];
  readonly #passing: number[] = [];
  /** The lowest rate that failed. */
  #failing = Number.POSITIVE_INFINITY;
  /** The lowest rate that failed, or that did not pass once another had failed: the search stays below. */
  #upper = Number.POSITIVE_INFINITY;
  #rate: number;
  #confirms = false;
  #confirmed = false;
  #halvings = 0;

  constructor(scenario: FindPeakScenario, seed: number) {
    this.#scenario = scenario;
    this.#seed = seed;
    this.#rate = scenario.startRate;
  }

  /** The first step, or the one after a step with these counts; null when nothing is left to ask. */
  next(last: PeakCounts | null): PeakPlan | null {
    if (last !== null && !this.#learn(last)) return null;
    if (this.#steps.length >= (this.#scenario.stepsMax ?? peakStepsDefault)) return null;
    const { stepMs, pass } = this.#scenario;
    const needed = samplesNeeded(
      1,
      pass.share ?? shareDefault,
      pass.confidence ?? confidenceDefault,
    );
    const neededMs = ((needed ?? 0) / this.#rate) * 1000;
    return {
      rate: this.#rate,
      seed: this.#seedOf(this.#steps.length),
      // Long enough to prove anything, at most twice the asked length.
      durationMs: Math.min(2 * stepMs, Math.max(stepMs, neededMs)),
    };
  }

  result(): PeakResult {
    const best = this.#passing.at(-1) ?? null;
    const worst = Number.isFinite(this.#failing) ? this.#failing : null;
    return {
      steps: this.#steps,
      highestPassing: best,
      lowestFailing: worst,
      confirmed: best !== null && this.#confirmed,
    };
  }

  /** Takes a step's counts in and chooses the next rate; false when the search is over. */
  #learn(counts: PeakCounts): boolean {
    const rate = this.#rate;
    const verdict = this.#judge(counts);
    const { due, within, cut } = counts;
    const confirms = this.#confirms;
    const seed = this.#seedOf(this.#steps.length);
    this.#steps.push({ rate, seed, n: due, bad: due - within, verdict, cut, confirms });
    if (confirms) {
      this.#confirms = false;
      if (verdict === "passed") {
        this.#confirmed = true;
        return false;
      }
      // It passed once and not again: it is no peak.
      this.#passing.pop();
      this.#upper = Math.min(this.#upper, rate);
    } else if (verdict === "passed") this.#passing.push(rate);
    else if (verdict === "failed" || Number.isFinite(this.#upper)) {
      this.#upper = Math.min(this.#upper, rate);
    }
    if (verdict === "failed") this.#failing = Math.min(this.#failing, rate);
    return this.#choose(rate);
  }

  #choose(rate: number): boolean {
    const { rateMax } = this.#scenario;
    const best = this.#passing.at(-1);
    if (!Number.isFinite(this.#upper)) {
      if (rate < rateMax) this.#rate = Math.min(rateMax, rate * 2);
      else if (best === undefined) return false;
      else this.#confirm(best);
      return true;
    }
    if (best === undefined) {
      this.#rate = this.#upper / 2;
      return ++this.#halvings <= halvingsMax;
    }
    if (this.#upper - best <= closeEnough * this.#upper) this.#confirm(best);
    else this.#rate = (best + this.#upper) / 2;
    return true;
  }

  #confirm(rate: number): void {
    this.#confirms = true;
    this.#rate = rate;
  }

  #judge(counts: PeakCounts): PeakStepResult["verdict"] {
    if (counts.cut) return "failed";
    const { share = shareDefault, confidence = confidenceDefault } = this.#scenario.pass;
    const bad = counts.due - counts.within;
    if (counts.due === 0) return "undecided";
    if (provesSuccess(bad, counts.due, share, confidence)) return "passed";
    return provesFailure(bad, counts.due, share, confidence) ? "failed" : "undecided";
  }

  #seedOf(step: number): number {
    return (this.#seed ^ Math.imul(step + 1, 0xc2b2ae35)) >>> 0;
  }
}
