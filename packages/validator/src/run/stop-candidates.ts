import type { SampleTally } from "@loadline/contract";
import {
  type BoundJob,
  compare,
  type FigureRule,
  type LoadPlan,
  type StopCandidate,
} from "../load/index.ts";
import { figureOf, totalTimeoutMs } from "./load-figures.ts";

/** The claims of a job whose failure ends it early; figures by what they come to so far. */
export function stopCandidates({ bound, load }: BoundJob): StopCandidate[] {
  return bound.flatMap(({ stop, claim, figure }): StopCandidate[] => {
    if (stop === undefined) return [];
    return [{ stop, claim, ...(figure !== undefined && { isPast: pastLimit(figure, load) }) }];
  });
}

function pastLimit(figure: FigureRule, load: LoadPlan): NonNullable<StopCandidate["isPast"]> {
  const starts = figure.scenarios.map((name) => {
    const { startMs = 0, warmupMs = 0 } = load.scenarios[name] ?? {};
    return startMs + warmupMs;
  });
  const fromMs = Math.min(...starts);
  const timeoutMs = load.timeouts?.totalMs ?? totalTimeoutMs;
  return (tallies: readonly SampleTally[], elapsedMs: number): boolean => {
    const due = tallies.reduce((sum, { n }) => sum + n, 0);
    const measuredMs = Math.max(0, elapsedMs - fromMs);
    const seen = figureOf(figure, tallies, { timeoutMs, measuredMs, due });
    if (seen === null) return false;
    return (seen.range ?? [seen.value]).every(
      (value) => !compare(value, figure.operator, figure.limit.value),
    );
  };
}
