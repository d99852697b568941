import type { SampleTally } from "@loadline/contract";
import {
  type BoundJob,
  compare,
  type FigureRule,
  type LoadPlan,
  type StopCandidate,
} from "../load/index.ts";
import { figureOf, heldValues, totalTimeoutMs } from "./load-figures.ts";
import { measuredMs } from "./measured-time.ts";

/** The claims of a job whose failure ends it early; figures by what they come to so far. */
export function stopCandidates({ bound, load }: BoundJob): StopCandidate[] {
  return bound.flatMap(({ stop, claim, figure }): StopCandidate[] => {
    if (stop === undefined) return [];
    return [{ stop, claim, ...(figure !== undefined && { isPast: pastLimit(figure, load) }) }];
  });
}

function pastLimit(figure: FigureRule, load: LoadPlan): NonNullable<StopCandidate["isPast"]> {
  const timeoutMs = load.timeouts?.totalMs ?? totalTimeoutMs;
  return (tallies: readonly SampleTally[], elapsedMs: number): boolean => {
    const due = tallies.reduce((sum, { n }) => sum + n, 0);
    // As the figure of the whole run has it: what is left to drain measures nothing.
    const spans = figure.scenarios.map((name) => measuredMs(load, name, elapsedMs));
    const seen = figureOf(figure, tallies, { timeoutMs, measuredMs: Math.max(0, ...spans), due });
    if (seen === null || seen.n < (figure.leastSamples ?? 0)) return false;
    // What is stopped now is cut: a count that time may still bring to its limit stops nothing.
    return heldValues(figure, seen, true).every(
      (value) => !compare(value, figure.operator, figure.limit.value),
    );
  };
}
