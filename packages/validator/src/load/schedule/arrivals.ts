import { seededRandom } from "@loadline/kit/random";
import type { ArrivalScenario } from "../types.ts";

export const chunkMs = 10_000;

/**
 * Offsets in ms of every arrival of an open scenario, ascending, all below its duration, in chunks
 * of 10 s. Pure: the same seed gives the same numbers on every machine. `even` has exactly equal
 * gaps, `poisson` exponential ones of the same mean.
 */
export function* arrivalChunks(scenario: ArrivalScenario, seed: number): Generator<Float64Array> {
  const gapMs = 1000 / scenario.rate;
  const random = seededRandom(seed);
  const poisson = scenario.arrivals === "poisson";
  // unit() < 1, so the logarithm is finite.
  const gap = (): number => (poisson ? -Math.log(1 - random.unit()) : 1);
  let index = 0;
  let units = poisson ? gap() : 0;
  for (let endMs = chunkMs; ; endMs += chunkMs) {
    const untilMs = Math.min(endMs, scenario.durationMs);
    const offsets: number[] = [];
    while (units * gapMs < untilMs) {
      offsets.push(units * gapMs);
      index++;
      // Even arrivals are multiples, not sums: a sum of gaps drifts.
      units = poisson ? units + gap() : index;
    }
    yield Float64Array.from(offsets);
    if (untilMs === scenario.durationMs) return;
  }
}

/** A number for an arrival, independent of who sends it and when (for picking a prompt). */
export function pickIndex(seed: number, arrival: number, count: number): number {
  return seededRandom((seed ^ Math.imul(arrival + 1, 0x9e3779b1)) >>> 0).below(count);
}

/** A seed of its own for each scenario, from the plan's seed and the scenario's name. */
export function scenarioSeed(seed: number, name: string): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
