import type { Scenario } from "../types.ts";
import { constantArrivalRate } from "./constant-arrival-rate.ts";
import { constantVus } from "./constant-vus.ts";
import type { Executor } from "./executor.ts";
import { rampingVus } from "./ramping-vus.ts";

/** The one table of executors. */
export function createExecutor(scenario: Scenario): Executor {
  switch (scenario.executor) {
    case "constant-arrival-rate":
      return constantArrivalRate(scenario);
    case "constant-vus":
      return constantVus(scenario);
    case "ramping-vus":
      return rampingVus(scenario);
  }
}
