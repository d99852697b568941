import type { RampingArrivalScenario } from "../scenario-types.ts";
import type { Executor } from "./executor.ts";
import { scheduledArrivals } from "./scheduled-arrivals.ts";

/** Open model whose rate ramps, or steps, from stage to stage. */
export function rampingArrivalRate(scenario: RampingArrivalScenario): Executor {
  const durationMs = scenario.stages.reduce((sum, stage) => sum + stage.durationMs, 0);
  return scheduledArrivals(scenario, durationMs);
}
