import type { Scenario } from "../scenario-types.ts";
import { constantArrivalRate } from "./constant-arrival-rate.ts";
import { constantVus } from "./constant-vus.ts";
import type { Executor } from "./executor.ts";
import { findPeak } from "./find-peak.ts";
import { ladder } from "./ladder.ts";
import { perVuIterations } from "./per-vu-iterations.ts";
import { rampingArrivalRate } from "./ramping-arrival-rate.ts";
import { rampingVus } from "./ramping-vus.ts";
import { sessions } from "./sessions.ts";
import { sharedIterations } from "./shared-iterations.ts";
import { traceReplay } from "./trace-replay.ts";

/** The one table of executors, under k6's names and our own. */
const executors: {
  readonly [K in Scenario["executor"]]: (scenario: Extract<Scenario, { executor: K }>) => Executor;
} = {
  "shared-iterations": sharedIterations,
  "per-vu-iterations": perVuIterations,
  "constant-vus": constantVus,
  "ramping-vus": rampingVus,
  "constant-arrival-rate": constantArrivalRate,
  "ramping-arrival-rate": rampingArrivalRate,
  sessions,
  "trace-replay": traceReplay,
  ladder,
  "find-peak": findPeak,
};

/** The executor of a scenario. */
export function createExecutor(scenario: Scenario): Executor {
  return dispatch(scenario);
}

function dispatch<K extends Scenario["executor"]>(
  scenario: Extract<Scenario, { executor: K }>,
): Executor {
  const executor: K = scenario.executor;
  return executors[executor](scenario);
}
