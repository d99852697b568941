import type { Histogram } from "@loadline/kit/histogram";
import type { Flight, LoadOutcome } from "../engine/flight.ts";
import type { ScenarioBlocks } from "../types.ts";
import type { Arena } from "./arena.ts";
import { rankOf, toMs } from "./ranks.ts";

/** Blocks that are kept apart; what falls due later is in the last. */
export const blocksMax = 600;

/** Response times of one scenario by blocks of intended time. */
export class Blocks {
  readonly #blockMs: number;
  readonly #due: Float64Array;
  readonly #values: readonly Histogram[];

  constructor(arena: Arena, o: { readonly blockMs: number; readonly durationMs: number }) {
    this.#blockMs = o.blockMs;
    // The last block ends with the scenario, however its length was rounded.
    const count = Math.ceil(o.durationMs / o.blockMs - 1e-6);
    const kept = Math.min(blocksMax, Math.max(1, count));
    this.#due = arena.sums(kept);
    this.#values = Array.from({ length: kept }, () => arena.histogram("normal"));
  }

  /** A request that ended; `offsetMs` of its intended time from the scenario's start. */
  ended(flight: Flight, outcome: LoadOutcome, offsetMs: number): void {
    const last = this.#values.length - 1;
    const at = Math.min(last, Math.max(0, Math.floor(offsetMs / this.#blockMs)));
    this.#due[at] = (this.#due[at] ?? 0) + 1;
    if (outcome === "ok") this.#values[at]?.record((flight.doneMs - flight.intendedMs) * 1000);
  }

  toRecord(scenario: string): ScenarioBlocks {
    const blocks = this.#values.map((values, at) => {
      const due = this.#due[at] ?? 0;
      const rank = rankOf(0.99, due);
      const p99Ms = due > 0 && rank <= values.count ? toMs(values.rankUs(rank)) : null;
      return { due, p99Ms };
    });
    return { scenario, blockMs: this.#blockMs, blocks };
  }
}
