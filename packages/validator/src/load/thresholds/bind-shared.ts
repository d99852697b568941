import type { Claim } from "@loadline/contract";
import type { LoadLimit } from "../types.ts";
import type { BindContext, BoundClaim } from "./bound-claim.ts";
import type { MetricRow } from "./metrics.ts";
import { recordedAs } from "./recorded.ts";

export const category = "Performance & Capacity";

/** What all claims of thresholds have in common. */
export function claimOf(
  x: BindContext,
  rest: Pick<Claim, "kind" | "statement"> & Partial<Claim>,
): Claim {
  const { minSamples } = x.threshold.clauses;
  return {
    id: x.id,
    of: `load.${x.id}`,
    parts: ["all"],
    confidence: x.threshold.clauses.confidence ?? x.confidence,
    required: x.spec.required ?? true,
    category,
    rationale: `Threshold of the plan: ${x.selector}: ${x.threshold.text}`.slice(0, 2_000),
    ...(minSamples !== undefined && { min: minSamples }),
    ...rest,
  };
}

/** One limit per scenario; their counts add up in the claim's one part. */
export function limitsOf(x: BindContext, metric: MetricRow, rest: Partial<LoadLimit>): LoadLimit[] {
  const recorded = recordedAs(metric.name);
  if (recorded === null) return [];
  const figures = recorded === "figure" ? x.figureNames : [null];
  const pairs = x.covers.flatMap((cover) => figures.map((figure) => ({ ...cover, figure })));
  return pairs.map(({ scenario, step, figure }) => ({
    scenario,
    metric: recorded,
    claim: x.id,
    stream: `load.${x.id}`,
    part: "all",
    confidence: x.threshold.clauses.confidence ?? x.confidence,
    ...(step !== null && figure === null && { step }),
    ...(figure !== null && { figure }),
    ...(recorded === "good" && x.slo !== undefined && { slo: x.slo }),
    ...rest,
  }));
}

/** The early stop a threshold asks for. */
export function stopOf(x: BindContext): Pick<BoundClaim, "stop"> {
  const { spec, threshold } = x;
  if (spec.abortOnFail !== true) return {};
  const stop = {
    claim: x.id,
    delayMs: spec.delayAbortEvalMs ?? 0,
    forMs: threshold.clauses.forMs ?? 0,
    on: spec.abortOn ?? "evidence",
  } as const;
  return { stop };
}

/** A clause that changes nothing is a promise not kept. */
export function idleClauses(x: BindContext): string[] {
  const { forMs } = x.threshold.clauses;
  if (forMs === undefined || x.spec.abortOnFail === true) return [];
  return [`${x.selector}: ${x.threshold.text}: for() changes nothing without abortOnFail`];
}

/** Its tumbling window. */
export function over(x: BindContext): Pick<Claim, "over"> {
  const { overMs } = x.threshold.clauses;
  return overMs === undefined ? {} : { over: overMs };
}

/** The window, as statements name it. */
export function windowText(x: BindContext): string {
  const { overMs } = x.threshold.clauses;
  return overMs === undefined ? "" : `, in every ${overMs / 1_000} s`;
}
