import type { Claim } from "@loadline/contract";
import type { BoundClaim } from "../thresholds/bound-claim.ts";
import type { ForeignClaim, ForeignEvidence } from "./foreign-claims.ts";
import type { ExportedResult, ResultRow } from "./results.ts";

/** The claims of a plan, and what tells it from every other: SHA-256 of its `load:` block, hex. */
export interface PlanClaims {
  readonly bound: readonly BoundClaim[];
  readonly digest: string;
}

const otherPlan =
  "The script was exported from another plan, or from this one before it was changed, or by an earlier Loadline: export it again.";

/**
 * Every claim of a plan with what its exported script counted; `accepts` lets the counts decide.
 * Results of a script that was exported from another plan say nothing of this one.
 */
export function exportedClaims(
  exact: ExportedResult,
  { bound, digest }: PlanClaims,
  accepts: boolean,
): ForeignClaim[] {
  const evidenceOf = (claim: Claim): ForeignEvidence => {
    if (exact.plan !== digest) return { kind: "none", sentence: otherPlan };
    return claim.id === "load.alive" ? aliveOf(exact, claim) : talliesOf(exact, claim);
  };
  return bound.map(({ claim }) => ({
    claim: accepts ? { ...claim, accept: "imported" } : claim,
    evidence: evidenceOf(claim),
  }));
}

function aliveOf({ ok }: ExportedResult, claim: Claim): ForeignEvidence {
  const parts = claim.parts.flatMap((part) => {
    const one = ok[part];
    if (one === undefined) return [];
    return [{ part, ok: one.ok > 0, seen: `${one.ok} of ${one.n} requests of ${part} succeeded.` }];
  });
  if (parts.length === 0) return { kind: "none", sentence: "The results hold no scenario of it." };
  return { kind: "observations", parts };
}

function talliesOf(exact: ExportedResult, claim: Claim): ForeignEvidence {
  const rows = exact.rows.filter(({ id }) => id === claim.id);
  if (rows.length === 0) {
    const why = exact.notTested.find(({ id }) => id === claim.id)?.why ?? "nothing was counted";
    return { kind: "none", sentence: `The exported script did not count it: ${why}.` };
  }
  const other = rows.find(({ limitMs }) => limitMs !== null && limitMs !== claim.limit);
  if (other !== undefined) {
    const sentence = `The script counted against ${other.limitMs} ms, the plan says ${claim.limit} ms.`;
    return { kind: "none", sentence };
  }
  return { kind: "tallies", parts: rows.map(tallyOf) };
}

function tallyOf({ part, n, over }: ResultRow) {
  const badBy = over > 0 ? { over } : {};
  return { part, sample: { n, sure: over, possible: over, badBy, slices: [] } };
}
