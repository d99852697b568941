/** `mean`: a block bootstrap interval wholly inside or wholly outside the limit. */
import type { Claim } from "../claim.ts";
import { formatNumber, formatRatio, formatValue } from "../figure.ts";
import {
  effectiveMin,
  type MeanInterval,
  meanInterval,
  meanSlicesMin,
} from "../statistics/bootstrap.ts";
import { bareDecision, type Decision, failConfidence } from "./decision.ts";
import type { PartEvidence } from "./gather.ts";
import type { Judged } from "./join.ts";

interface Bounds {
  readonly pass: MeanInterval;
  /** At the confidence a part fails at. */
  readonly fail: MeanInterval;
}

function judgeMean(claim: Claim, limit: number, b: Bounds): Judged {
  const unit = claim.unit ?? "";
  const isAbove = claim.side === "above";
  const value = (x: number): string => formatValue(x, unit);
  const range = `mean ${value(b.pass.mean)}, ${value(b.pass.lower)}..${value(b.pass.upper)} at ${formatRatio(claim.confidence)} each side`;
  if (b.pass.effective < effectiveMin) {
    const sentence = `${range}, but neighbouring slices go together too much for an interval.`;
    return { verdict: "inconclusive", reason: "dependent", sentence };
  }
  const isFailed = isAbove ? b.fail.upper < limit : b.fail.lower > limit;
  const isPassed = isAbove ? b.pass.lower > limit : b.pass.upper < limit;
  const kept = `${isAbove ? "above" : "below"} ${value(limit)}`;
  if (isFailed) {
    return { verdict: "failed", reason: "limit", sentence: `${range}: not ${kept}, proven.` };
  }
  if (isPassed) return { verdict: "passed", sentence: `${range}: ${kept}, proven.` };
  const sentence = `${range}: the limit ${value(limit)} lies inside.`;
  return { verdict: "inconclusive", reason: "interval", sentence };
}

/** Decides one part of a `mean` claim from its slices, in the order they were recorded. */
export function decideMean(claim: Claim, evidence: PartEvidence): Decision {
  const refs = evidence.means.map(({ seq }) => seq);
  const { limit } = claim;
  const unit = claim.unit ?? "";
  if (limit === undefined || evidence.means.some(({ value }) => value.unit !== unit)) {
    const sentence = "The claim declares no limit, or the slices have another unit.";
    return bareDecision({ verdict: "error", reason: "evidence", sentence }, refs);
  }
  const slices = evidence.means.flatMap(({ value }) => value.slices);
  const limitFigure = { value: limit, unit, provenance: "declared", refs: [] } as const;
  const least = Math.max(claim.min ?? 0, meanSlicesMin);
  const pass = meanInterval(slices, claim.confidence, evidence.key);
  const fail = meanInterval(slices, failConfidence(claim), evidence.key);
  // An empty slice is no observation: without spread it would only narrow the interval.
  const n = slices.filter(([weight]) => weight > 0).length;
  if (n < least || pass === null || fail === null) {
    const sentence = `${formatNumber(n)} of at least ${formatNumber(least)} slices with values were recorded.`;
    const judged = { verdict: "inconclusive", reason: "too_short", sentence } as const;
    return { ...bareDecision(judged, refs), n, limit: limitFigure };
  }
  return {
    ...bareDecision(judgeMean(claim, limit, { pass, fail }), refs),
    n,
    observed: { value: pass.mean, unit, n, provenance: "measured", refs },
    limit: limitFigure,
    interval: { lower: pass.lower, upper: pass.upper, confidence: claim.confidence, unit },
  };
}
