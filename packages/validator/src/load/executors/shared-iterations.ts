import type { SharedIterationsScenario } from "../scenario-types.ts";
import { type Executor, shareOf } from "./executor.ts";
import { runIterations } from "./iterations.ts";

/** Closed model: users share a number of iterations; a worker has a fixed part of both. */
export function sharedIterations(scenario: SharedIterationsScenario): Executor {
  return {
    run: (x) =>
      runIterations(x, scenario, { ...scenario, budget: shareOf(scenario.iterations, x) }),
  };
}
