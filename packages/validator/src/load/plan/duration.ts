import type { Scenario } from "../scenario-types.ts";

const maxDurationMsDefault = 600_000;
const ladderRoundsDefault = 3;
/** Steps of a search by default. */
export const peakStepsDefault = 24;
/** Longest pause between two steps of a search: what is under way is waited for. */
export const peakDrainMs = 5000;

/** How long answers may take after the last request, in ms, unless the scenario says. */
export const gracefulStopMsDefault = 30_000;

/** Planned length of a scenario in ms, its start and drain not counted; the longest it may be. */
export function durationOf(scenario: Scenario): number {
  switch (scenario.executor) {
    case "ramping-vus":
    case "ramping-arrival-rate":
      return scenario.stages.reduce((sum, stage) => sum + stage.durationMs, 0);
    case "shared-iterations":
    case "per-vu-iterations":
      return scenario.maxDurationMs ?? maxDurationMsDefault;
    case "trace-replay":
      // One more than the last offset: the last row is in it.
      return (scenario.trace.atMs.at(-1) ?? 0) / (scenario.speed ?? 1) + 1;
    case "ladder":
      return scenario.holdMs * scenario.users.length * (scenario.rounds ?? ladderRoundsDefault);
    case "find-peak":
      return (scenario.stepMs * 2 + peakDrainMs) * (scenario.stepsMax ?? peakStepsDefault);
    default:
      return scenario.durationMs;
  }
}
