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

/** Refuses a threshold by the code of its claim, with the path and line of the plan. */
export function checkThresholds(plan: ThresholdsOfPlan, faults: Faults): void {
  const { scenarios, checks, metrics, confidence, slo } = plan;
  for (const [selector, specs] of Object.entries(plan.thresholds)) {
    try {
      toClaims({
        scenarios,
        thresholds: { [selector]: specs },
        checks,
        metrics,
        confidence,
        // Whether a baseline will be there is known when it is run.
        hasBaseline: true,
        ...(slo !== null && { slo }),
      });
    } catch (error) {
      if (!(error instanceof LoadlineError)) throw error;
      const line = faults.line(["load", "thresholds", selector], error.message);
      throw new LoadlineError(error.code, error.row, line, { cause: error });
    }
  }
}
