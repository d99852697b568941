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

export interface OutcomeRules {
  /** The run has its closing record. */
  readonly isClosed: boolean;
  /** More waived claims than this are no READY. */
  readonly maxWaived: number;
}

/**
 * NOT_READY on any failed claim nobody answers for; READY only when every required claim is passed,
 * waived or not applicable, at least one passed, and the run ended.
 */
export function decideOutcome(claims: readonly ClaimVerdict[], rules: OutcomeRules): Outcome {
  const required = claims.filter((claim) => claim.required);
  const open = required.filter(({ disposition }) => disposition === undefined);
  if (open.some(({ verdict }) => verdict === "failed")) return "NOT_READY";
  const waived = required.filter(({ disposition }) => disposition === "waived").length;
  const isProven = open.length > 0 && open.every(({ verdict }) => verdict === "passed");
  return isProven && waived <= rules.maxWaived && rules.isClosed ? "READY" : "NOT_PROVEN";
}

function claimWord(count: number): string {
  return count === 1 ? "claim" : "claims";
}

function describeReady(counts: VerdictCounts, total: string, accepted: string): string {
  if (accepted === "") return `All ${total} are proven; sign for these and no more.`;
  const passed = formatNumber(counts.passed);
  return `${passed} of ${total} are proven (${accepted}); sign for the proven ones and answer for the rest.`;
}

/** One sentence for the signer; `accepted` as of `waiverText`, "" without waivers. */
export function describeOutcome(
  claims: readonly ClaimVerdict[],
  outcome: Outcome,
  o: OutcomeRules & { readonly accepted: string },
): string {
  const counts = countClaims(claims);
  const { required } = counts;
  const total = `${formatNumber(required)} required ${claimWord(required)}`;
  if (outcome === "READY") return describeReady(counts, total, o.accepted);
  const open = claims.filter((c) => c.required && c.disposition === undefined);
  if (outcome === "NOT_READY") {
    const failed = open.filter(({ verdict }) => verdict === "failed").length;
    const verb = failed === 1 ? "is" : "are";
    return `Do not sign: ${formatNumber(failed)} of ${total} ${verb} refuted.`;
  }
  if (required === 0) return "Do not sign: the plan has no required claim, so nothing is proven.";
  const undecided = open.filter(({ verdict }) => verdict !== "passed").length;
  if (undecided > 0) {
    const verb = undecided === 1 ? "is" : "are";
    return `Do not sign: ${formatNumber(undecided)} of ${total} ${verb} undecided.`;
  }
  if (!o.isClosed) return "Do not sign: the run did not end, its record is open.";
  if (open.length === 0) return `Do not sign: none of ${total} is proven (${o.accepted}).`;
  return `Do not sign: ${formatNumber(counts.waived)} claims are waived, at most ${formatNumber(o.maxWaived)} may be.`;
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
