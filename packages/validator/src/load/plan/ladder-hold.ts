import { minimumN } from "@loadline/contract";
import type { LadderScenario, Scenario } from "../scenario-types.ts";
import type { BoundClaim } from "../thresholds/bound-claim.ts";
import { perIteration } from "../thresholds/per-iteration.ts";
import { iterationMs } from "../thresholds/planned.ts";

/** A ladder whose length nobody gave: at least 10 s a hold, and what its claims need. */
export const heldByClaims = { holdMs: 10_000, holdBy: "claims" } as const;

const roundsDefault = 3;
/** Counted part of a hold: users change in the rest, unless `settleMs` says how long. */
const countedShare = 0.9;
const secondMs = 1_000;

/**
 * Scenarios whose ladders hold as long as `bound` needs: all holds together bring the fewest samples
 * with which a perfect target passes, with iterations as long as plans of closed models assume.
 */
export function holdLadders(
  scenarios: Readonly<Record<string, Scenario>>,
  bound: readonly BoundClaim[],
): Readonly<Record<string, Scenario>> {
  return Object.fromEntries(
    Object.entries(scenarios).map(([name, scenario]): [string, Scenario] => {
      if (scenario.executor !== "ladder" || scenario.holdBy === undefined) return [name, scenario];
      const { holdBy: _held, ...ladder } = scenario;
      const iterations = iterationsFor(name, scenario, bound);
      return [name, { ...ladder, holdMs: holdOf(scenario, iterations) }];
    }),
  );
}

/** Iterations of the scenario that the most demanding of its claims needs. */
function iterationsFor(name: string, scenario: Scenario, bound: readonly BoundClaim[]): number {
  const needed = bound.flatMap(({ claim, limits }) => {
    const own = limits.filter((limit) => limit.scenario === name);
    const isShare = claim.kind === "quantile" || claim.kind === "proportion";
    if (!isShare || own.length === 0) return [];
    const each = own.reduce((sum, { step }) => sum + (perIteration(scenario, step).about ?? 0), 0);
    return [(minimumN(claim) ?? 0) / (each > 0 ? each : 1)];
  });
  return Math.max(0, ...needed);
}

function holdOf(ladder: LadderScenario, iterations: number): number {
  const users = ladder.users.reduce((sum, one) => sum + one, 0);
  const passes = users * (ladder.rounds ?? roundsDefault);
  const countedMs = (iterations * iterationMs(ladder.thinkMs)) / Math.max(1, passes);
  const { holdMs: leastMs, settleMs } = ladder;
  const wholeMs =
    settleMs === undefined
      ? Math.max(leastMs, countedMs / countedShare)
      : Math.max(leastMs, countedMs) + settleMs;
  return Math.ceil(wholeMs / secondMs) * secondMs;
}
