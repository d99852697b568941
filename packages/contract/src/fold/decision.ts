import type { Claim } from "../claim.ts";
import type { PartVerdict } from "../report-model.ts";
import type { Judged } from "./join.ts";

/** A judgement with the figures it rests on. */
export type Decision = Omit<PartVerdict, "part">;

/** Confidence a part fails at: of m windows one fails by chance m times as often. */
export function failConfidence(claim: Pick<Claim, "confidence" | "over" | "parts">): number {
  if (claim.over === undefined) return claim.confidence;
  return 1 - (1 - claim.confidence) / Math.max(1, claim.parts.length);
}

/** A decision without figures. */
export function bareDecision(judged: Judged, evidence: readonly number[] = []): Decision {
  return {
    observed: null,
    limit: null,
    interval: null,
    badBy: {},
    n: 0,
    bad: 0,
    undefined: 0,
    evidence,
    ...judged,
  };
}
