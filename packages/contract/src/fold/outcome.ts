import { formatNumber, formatRatio } from "../figure.ts";
import type { ClaimVerdict, VerdictCounts } from "../report-model.ts";
import type { Outcome } from "../verdict.ts";

export const exitCodes: Readonly<Record<Outcome, 0 | 1 | 2>> = {
  READY: 0,
  NOT_READY: 1,
  NOT_PROVEN: 2,
};

/** Counts required claims; totals are made from the rows, never carried along. */
export function countClaims(claims: readonly ClaimVerdict[]): VerdictCounts {
  const required = claims.filter((claim) => claim.required);
  const of = (verdict: string): number => required.filter((c) => c.verdict === verdict).length;
  return {
    failed: of("failed"),
    error: of("error"),
    inconclusive: of("inconclusive"),
    not_tested: of("not_tested"),
    passed: of("passed"),
    waived: required.filter((claim) => claim.disposition === "waived").length,
    not_applicable: required.filter((claim) => claim.disposition === "not_applicable").length,
    required: required.length,
    decided: of("passed") + of("failed"),
  };
}

/** NOT_READY on any failed; READY only when every required claim passed in a run that ended. */
export function decideOutcome(counts: VerdictCounts, isClosed: boolean): Outcome {
  if (counts.failed > 0) return "NOT_READY";
  const isProven = counts.required > 0 && counts.passed === counts.required;
  return isProven && isClosed ? "READY" : "NOT_PROVEN";
}

function claimWord(count: number): string {
  return count === 1 ? "claim" : "claims";
}

/** One sentence for the signer. */
export function describeOutcome(
  counts: VerdictCounts,
  outcome: Outcome,
  isClosed: boolean,
): string {
  const { required } = counts;
  const total = `${formatNumber(required)} required ${claimWord(required)}`;
  if (outcome === "READY") return `All ${total} are proven; sign for these and no more.`;
  if (outcome === "NOT_READY") {
    const verb = counts.failed === 1 ? "is" : "are";
    return `Do not sign: ${formatNumber(counts.failed)} of ${total} ${verb} refuted.`;
  }
  if (required === 0) return "Do not sign: the plan has no required claim, so nothing is proven.";
  const undecided = required - counts.decided;
  if (undecided === 0 && !isClosed) return "Do not sign: the run did not end, its record is open.";
  const verb = undecided === 1 ? "is" : "are";
  return `Do not sign: ${formatNumber(undecided)} of ${total} ${verb} undecided.`;
}

const sampledKinds: ReadonlySet<string> = new Set([
  "proportion",
  "quantile",
  "trials",
  "mean",
  "comparison",
]);

/** Bound on a wrong `failed` with all m required claims exactly at their limits: m x a. */
export function describeFalseAlarm(claims: readonly ClaimVerdict[]): string | null {
  const statistical = claims.filter(({ required, kind }) => required && sampledKinds.has(kind));
  if (statistical.length === 0) return null;
  const sum = statistical.reduce((total, claim) => total + (1 - claim.confidence), 0);
  const bound = formatRatio(Math.min(1, Number(sum.toPrecision(12))));
  return `With all ${formatNumber(statistical.length)} sampled claims exactly at their limits, some would be called failed in at most ${bound} of runs.`;
}
