import type { Histogram } from "@loadline/kit/histogram";
import type { Flight, LoadOutcome } from "../engine/flight.ts";
import { stepNames } from "../plan/step-names.ts";
import type { LoadPlan } from "../types.ts";
import type { Arena } from "./arena.ts";
import { BadCounts, reasonCount } from "./outcomes.ts";
import { rankOf, toMs } from "./ranks.ts";

/** What is kept for one declared step of a scenario, or for all that had no room. */
export interface StepSeries {
  readonly step: string;
  /** All phases. */
  readonly due: number;
  /** Measured phase: ok, and bad by outcome. */
  readonly ok: number;
  readonly bad: Readonly<Record<string, number>>;
  /** `[quantile, response ms, service ms]` of all measured requests, bad ones as endless. */
  readonly percentiles: readonly (readonly [number, number, number])[];
}

const shown = [0.5, 0.9, 0.95, 0.99];
/** Steps of a whole plan with a series each. */
const seriesMax = 512;
/** What has no room shares this one. */
const otherSteps = "__other__";

/**
 * The series of a scenario's steps, in their order: one for each while the plan has room, the rest
 * in the last one. None where there is but one step.
 */
export function stepSeries({ scenarios }: LoadPlan, name: string): readonly string[] {
  let room = seriesMax;
  for (const [other, scenario] of Object.entries(scenarios)) {
    const names = stepNames(other, scenario);
    const kept = names.length < 2 ? [] : names.slice(0, Math.max(1, room));
    room -= kept.length;
    if (other !== name) continue;
    if (kept.length > 0 && kept.length < names.length) kept[kept.length - 1] = otherSteps;
    return kept;
  }
  return [];
}

/** Counters and histograms of one step. */
export class StepCounts {
  readonly step: string;
  readonly #counts: Float64Array;
  readonly #bad: BadCounts;
  readonly #response: Histogram;
  readonly #service: Histogram;

  constructor(step: string, arena: Arena) {
    this.step = step;
    this.#counts = arena.sums(2);
    this.#bad = new BadCounts(arena.sums(reasonCount));
    this.#response = arena.histogram();
    this.#service = arena.histogram();
  }

  get due(): number {
    return this.#counts[0] ?? 0;
  }

  started(): void {
    this.#counts[0] = this.due + 1;
  }

  /** A request of the measured phase. */
  ended(flight: Flight, outcome: LoadOutcome): void {
    if (outcome !== "ok") {
      this.#bad.add(outcome);
      return;
    }
    this.#counts[1] = (this.#counts[1] ?? 0) + 1;
    this.#response.record((flight.doneMs - flight.intendedMs) * 1000);
    this.#service.record((flight.doneMs - flight.sendMs) * 1000);
  }

  toSeries(): StepSeries {
    const ok = this.#counts[1] ?? 0;
    const n = ok + this.#bad.total();
    const percentiles = shown.flatMap((q) => {
      const rank = rankOf(q, n);
      if (n * (1 - q) < 1 || rank > ok) return [];
      const at = (of: Histogram): number => toMs(of.rankUs(rank));
      return [[q, at(this.#response), at(this.#service)] as const];
    });
    return { step: this.step, due: this.due, ok, bad: this.#bad.toObject(), percentiles };
  }
}
