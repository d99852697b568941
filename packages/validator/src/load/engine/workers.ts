import { availableParallelism } from "node:os";
import { peakRateOf } from "../executors/queue-bound.ts";
import type { Scenario } from "../scenario-types.ts";
import { isOpenScenario } from "../schedule/hash.ts";
import type { LoadPlan } from "../types.ts";

/** Connections of one sender, unless the plan says. */
export const connectionsMaxDefault = 1024;
const workersMax = 64;
/** What one sender carries without strain: arrivals per second, users. */
const ratePerWorker = 2000;
const usersPerWorker = 250;

/** Senders per process: as many as said, else what the load needs, at most cores - 1. */
export function workersOf(plan: LoadPlan, cores = availableParallelism()): number {
  if (typeof plan.workers === "number") return plan.workers;
  const needed = Object.values(plan.scenarios).reduce((sum, s) => sum + demandOf(s), 0);
  return Math.min(workersMax, Math.max(1, Math.min(cores - 1, Math.ceil(needed))));
}

function demandOf(scenario: Scenario): number {
  if (isOpenScenario(scenario)) return peakRateOf(scenario) / ratePerWorker;
  return usersOf(scenario) / usersPerWorker;
}

function usersOf(scenario: Exclude<Scenario, { rate: number } | { trace: unknown }>): number {
  switch (scenario.executor) {
    case "ladder":
      return Math.max(...scenario.users);
    case "ramping-vus":
      return Math.max(scenario.startVus ?? 0, ...scenario.stages.map(({ target }) => target));
    case "constant-vus":
    case "shared-iterations":
    case "per-vu-iterations":
      return scenario.vus;
    default:
      return 0;
  }
}
