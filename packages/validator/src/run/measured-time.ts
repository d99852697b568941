import { durationOf, type LoadPlan } from "../load/index.ts";

type Scenarios = Pick<LoadPlan, "scenarios">;

/** Ms that were measured of a scenario by a run that sends until then; warm-ups measure nothing. */
export function measuredMs(
  { scenarios }: Scenarios,
  name: string,
  untilMs = Number.POSITIVE_INFINITY,
): number {
  const scenario = scenarios[name];
  if (scenario === undefined) return 0;
  const sentMs = Math.min(durationOf(scenario), untilMs - (scenario.startMs ?? 0));
  return Math.max(0, sentMs - (scenario.warmupMs ?? 0));
}

/** Whether a run that was stopped then measured less than one of these was planned to be. */
export const wasCut = (load: Scenarios, names: readonly string[], stoppedMs: number): boolean =>
  names.some((name) => measuredMs(load, name, stoppedMs) < measuredMs(load, name));
