import type { ArrivalScenario } from "../scenario-types.ts";
import type { Executor } from "./executor.ts";
import { scheduledArrivals } from "./scheduled-arrivals.ts";

/** Open model: arrivals at one rate, evenly, at random, or around a sine. */
export function constantArrivalRate(scenario: ArrivalScenario): Executor {
  return scheduledArrivals(scenario, scenario.durationMs);
}
