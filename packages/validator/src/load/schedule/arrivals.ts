import { seededRandom } from "@loadline/kit/random";
import type { ScheduledScenario } from "../scenario-types.ts";
import { curveOf, type RateCurve } from "./curve.ts";
import { createGaps, type GapTerms } from "./gaps.ts";

export const chunkMs = 10_000;

/**
 * Offsets in ms of every arrival of an open scenario, ascending, all below its duration, in chunks
 * of 10 s. Pure: the same seed gives the same numbers on every machine. Gaps of mean 1 are mapped
 * through the inverse of the rate's integral, so `even` at a constant rate is exactly even.
 */
export function arrivalChunks(scenario: ScheduledScenario, seed: number): Generator<Float64Array> {
  if (scenario.executor === "trace-replay") {
    return traceChunks(scenario.trace.atMs, scenario.speed ?? 1);
  }
  return curveChunks(curveOf(scenario), scenario, seed);
}

/** The same for a curve of one's own. */
export function* curveChunks(
  curve: RateCurve,
  terms: GapTerms,
  seed: number,
): Generator<Float64Array> {
  const gap = createGaps(terms, seededRandom(seed));
  let index = 0;
  let units = gap === null ? 0 : gap();
  // The end is no arrival, whatever rounding says.
  const last = (): boolean => units >= curve.total || curve.at(units) >= curve.durationMs;
  let nextMs = last() ? Number.POSITIVE_INFINITY : curve.at(units);
  for (let endMs = chunkMs; ; endMs += chunkMs) {
    const untilMs = Math.min(endMs, curve.durationMs);
    const offsets: number[] = [];
    while (nextMs < untilMs) {
      offsets.push(nextMs);
      index++;
      // Even arrivals are counted, not added up: a sum of gaps drifts.
      units = gap === null ? index : units + gap();
      nextMs = last() ? Number.POSITIVE_INFINITY : curve.at(units);
    }
    yield Float64Array.from(offsets);
    if (untilMs === curve.durationMs) return;
  }
}

function* traceChunks(atMs: Float64Array, speed: number): Generator<Float64Array> {
  let row = 0;
  for (let endMs = chunkMs; row < atMs.length; endMs += chunkMs) {
    const offsets: number[] = [];
    for (; row < atMs.length; row++) {
      const ms = (atMs[row] ?? 0) / speed;
      if (ms >= endMs) break;
      offsets.push(ms);
    }
    yield Float64Array.from(offsets);
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
