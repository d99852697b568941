import { LoadlineError } from "@loadline/kit/errors";
import type { ThresholdSpec } from "../thresholds/bound-claim.ts";
import type { MetricRow } from "../thresholds/metrics.ts";
import { toClaims } from "../thresholds/to-claims.ts";
import type { GoodSlo, Scenario } from "../types.ts";
import type { Faults } from "./faults.ts";

/** What thresholds are judged by. */
export interface ThresholdsOfPlan {
  readonly scenarios: Readonly<Record<string, Scenario>>;
  readonly thresholds: Readonly<Record<string, readonly ThresholdSpec[]>>;
  readonly checks: readonly string[];
  readonly metrics: readonly MetricRow[];
  readonly confidence: number;
  readonly slo: GoodSlo | null;
}

/**
 * Refuses every threshold that no claim can be made of, each on a line of its own with its path and
 * line of the plan; under the code of the first, lines of another code name theirs.
 */
export function checkThresholds(plan: ThresholdsOfPlan, faults: Faults): void {
  const refused: LoadlineError[] = [];
  const lines: string[] = [];
  for (const [selector, specs] of Object.entries(plan.thresholds)) {
    const said = new Set<string>();
    for (const [at, spec] of specs.entries()) {
      const error = refusalOf(plan, selector, spec);
      // What is wrong with the selector is wrong once, whatever is asked of it.
      if (error === null || said.has(error.message)) continue;
      said.add(error.message);
      const path = ["load", "thresholds", selector, ...(specs.length > 1 ? [at] : [])];
      const [first = error] = refused;
      const text = error.code === first.code ? error.message : `${error.code} ${error.message}`;
      refused.push(error);
      lines.push(faults.line(path, text));
    }
  }
  const [first] = refused;
  if (first === undefined) return;
  throw new LoadlineError(first.code, first.row, lines.join("\n"), { cause: first });
}

function refusalOf(
  plan: ThresholdsOfPlan,
  selector: string,
  spec: ThresholdSpec,
): LoadlineError | null {
  const { scenarios, checks, metrics, confidence, slo } = plan;
  try {
    toClaims({
      scenarios,
      thresholds: { [selector]: [spec] },
      checks,
      metrics,
      confidence,
      // Whether a baseline will be there is known when it is run.
      hasBaseline: true,
      ...(slo !== null && { slo }),
    });
    return null;
  } catch (error) {
    if (error instanceof LoadlineError) return error;
    throw error;
  }
}
