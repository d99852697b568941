import { durationOf } from "../plan/duration.ts";
import type { Scenario } from "../scenario-types.ts";

/** Iterations that a scenario is over with, all users together; null where time alone ends it. */
function iterationsOf(scenario: Scenario): { readonly all: number; readonly vus: number } | null {
  if (scenario.executor === "shared-iterations") {
    return { all: scenario.iterations, vus: Math.min(scenario.vus, scenario.iterations) };
  }
  if (scenario.executor !== "per-vu-iterations") return null;
  return { all: scenario.iterations * scenario.vus, vus: scenario.vus };
}

/**
 * Ms until a scenario begins nothing more, `elapsedMs` after its start, with so many iterations
 * begun: its planned length, and where iterations are counted out no more than their pace so far
 * says. Every user has one under way, so those that ended are fewer than those begun by the users.
 */
export function timeLeftMs(scenario: Scenario, elapsedMs: number, begun: number): number {
  const mostMs = Math.max(0, durationOf(scenario) - elapsedMs);
  const counted = iterationsOf(scenario);
  if (counted === null) return mostMs;
  const ended = begun - counted.vus;
  if (begun >= counted.all) return 0;
  return ended <= 0 ? mostMs : Math.min(mostMs, (elapsedMs * (counted.all - begun)) / ended);
}
