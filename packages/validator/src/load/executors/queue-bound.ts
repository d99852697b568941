import type { OpenScenario } from "../scenario-types.ts";
import { isOpenScenario } from "../schedule/hash.ts";
import type { LoadPlan } from "../types.ts";

const queueMax = 100_000;
const queueSeconds = 10;

/** Arrivals that may wait in one worker: 10 s of them at the highest rate, at most 100,000. */
export function queueMaxOf(scenario: OpenScenario, workers: number): number {
  const wanted = Math.ceil((peakRateOf(scenario) * queueSeconds) / workers);
  return Math.min(queueMax, Math.max(1, wanted));
}

/** Requests that may wait for a connection in one worker: users never wait with more than one. */
export function connectionQueueMax(plan: LoadPlan, workers: number): number {
  const rates = Object.values(plan.scenarios).filter(isOpenScenario);
  if (rates.length < Object.keys(plan.scenarios).length) return queueMax;
  const wanted = rates.reduce((sum, scenario) => sum + queueMaxOf(scenario, workers), 0);
  return Math.min(queueMax, wanted);
}

/** Highest planned rate in iterations per second; of a trace over 1 s windows. */
export function peakRateOf(scenario: OpenScenario): number {
  switch (scenario.executor) {
    case "constant-arrival-rate":
      return scenario.rate + (scenario.sine?.amplitude ?? 0);
    case "ramping-arrival-rate":
      return Math.max(scenario.startRate ?? 0, ...scenario.stages.map(({ target }) => target));
    case "sessions":
      return scenario.rate * scenario.turns;
    case "find-peak":
      return scenario.rateMax;
    case "trace-replay":
      return busiest(scenario.trace.atMs, 1000 * (scenario.speed ?? 1));
  }
}

/** Most values in any window of a width that begins with a value. */
function busiest(atMs: Float64Array, widthMs: number): number {
  let most = 0;
  let from = 0;
  for (let i = 0; i < atMs.length; i++) {
    while ((atMs[i] ?? 0) - (atMs[from] ?? 0) >= widthMs) from++;
    most = Math.max(most, i - from + 1);
  }
  return most;
}
