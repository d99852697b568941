import type { SampleTally } from "@loadline/contract";
import {
  type BoundJob,
  compare,
  durationOf,
  type FigureRule,
  type LoadPlan,
  type StopCandidate,
} from "../load/index.ts";
import { figureOf, heldValues, totalTimeoutMs } from "./load-figures.ts";

/** The claims of a job whose failure ends it early; figures by what they come to so far. */
export function stopCandidates({ bound, load }: BoundJob): StopCandidate[] {
  return bound.flatMap(({ stop, claim, figure }): StopCandidate[] => {
    if (stop === undefined) return [];
    return [{ stop, claim, ...(figure !== undefined && { isPast: pastLimit(figure, load) }) }];
  });
}

function pastLimit(figure: FigureRule, load: LoadPlan): NonNullable<StopCandidate["isPast"]> {
  // As the figure of the whole run has it: what is left to drain measures nothing.
  const spans = figure.scenarios
    .map((name) => load.scenarios[name])
    .filter((scenario) => scenario !== undefined)
    .map((scenario) => (elapsedMs: number): number => {
      const sentMs = Math.min(elapsedMs - (scenario.startMs ?? 0), durationOf(scenario));
      return sentMs - (scenario.warmupMs ?? 0);
    });
  const timeoutMs = load.timeouts?.totalMs ?? totalTimeoutMs;
  return (tallies: readonly SampleTally[], elapsedMs: number): boolean => {
    const due = tallies.reduce((sum, { n }) => sum + n, 0);
    const measuredMs = Math.max(0, ...spans.map((span) => span(elapsedMs)));
    const seen = figureOf(figure, tallies, { timeoutMs, measuredMs, due });
    if (seen === null || seen.n < (figure.leastSamples ?? 0)) return false;
    return heldValues(figure, seen).every(
      (value) => !compare(value, figure.operator, figure.limit.value),
    );
  };
}
