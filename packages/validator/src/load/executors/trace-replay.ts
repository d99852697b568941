import type { TraceScenario } from "../scenario-types.ts";
import type { Executor } from "./executor.ts";
import { scheduledArrivals } from "./scheduled-arrivals.ts";

/** Open model: the arrivals of a recorded trace; iteration i is row i. */
export function traceReplay(scenario: TraceScenario): Executor {
  return scheduledArrivals(scenario, (scenario.trace.atMs.at(-1) ?? 0) / (scenario.speed ?? 1));
}
