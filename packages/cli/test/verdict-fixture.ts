import type { ClaimVerdict, Verdict, VerdictCounts, VerdictDocument } from "@loadline/contract";

/** A claim verdict with everything but its id and verdict at rest. */
export function claimVerdict(
  id: string,
  verdict: Verdict,
  over: Partial<ClaimVerdict> = {},
): ClaimVerdict {
  return {
    id,
    category: "Performance & Capacity",
    statement: `${id} holds`,
    kind: "quantile",
    required: true,
    verdict,
    sentence: "",
    n: 312,
    bad: 0,
    observed: null,
    limit: null,
    interval: null,
    confidence: 0.95,
    parts: [],
    evidence: [],
    toProve: "",
    reproduce: [],
    ...over,
  };
}

/** A verdict over the given claims; the counts are those of the claims. */
export function verdictOf(
  claims: readonly ClaimVerdict[],
  over: Partial<VerdictDocument> = {},
): VerdictDocument {
  const count = (verdict: Verdict): number =>
    claims.filter((claim) => claim.required && claim.verdict === verdict).length;
  const counts: VerdictCounts = {
    failed: count("failed"),
    error: count("error"),
    inconclusive: count("inconclusive"),
    not_tested: count("not_tested"),
    passed: count("passed"),
    waived: 0,
    not_applicable: 0,
    required: claims.filter((claim) => claim.required).length,
    decided: count("failed") + count("passed"),
  };
  return {
    schema: "loadline-verdict/v1",
    run: "20261121T101812Z-ab12",
    outcome: "NOT_PROVEN",
    overall_status: "NOT_PROVEN",
    slo_compliance: {},
    exitCode: 2,
    sentence: "",
    target: "demo http://127.0.0.1:8080/v1",
    profile: "quick",
    planDigest: "",
    chainHead: "",
    foldVersion: "1",
    startedAt: "2026-11-21T10:18:12.000Z",
    endedAt: "2026-11-21T10:19:02.000Z",
    durationMs: 50_000,
    claims,
    counts,
    coverage: 0.5,
    guards: [],
    tools: [],
    limits: ["30-day availability", "other hardware", "other traffic"],
    ...over,
  };
}
