import type { PerVuIterationsScenario } from "../scenario-types.ts";
import type { Executor } from "./executor.ts";
import { runIterations } from "./iterations.ts";

/** Closed model: each user has a number of iterations of its own. */
export function perVuIterations(scenario: PerVuIterationsScenario): Executor {
  return {
    run: (x) => runIterations(x, scenario, { ...scenario, budgetEach: scenario.iterations }),
  };
}
