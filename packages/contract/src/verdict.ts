/** The five verdicts, worst first in `verdictOrder`, and what each may be caused by. */

export const verdictOrder = ["failed", "error", "inconclusive", "not_tested", "passed"] as const;
export type Verdict = (typeof verdictOrder)[number];

/** Laid over a verdict, which stays visible beside it. */
export type Disposition = "waived" | "not_applicable";

export type Outcome = "READY" | "NOT_READY" | "NOT_PROVEN";

/** Why a verdict is not `passed`. Stages add theirs to this one table. */
export const reasonCodes = {
  failed: ["false", "limit", "loss", "flaky", "steady_state", "cascade"],
  error: ["crashed", "silent", "probe_contract", "undo_failed", "evidence"],
  inconclusive: [
    "interval",
    "too_short",
    "dependent",
    "generator",
    "noise",
    "resolution",
    "effect_unverified",
    "control",
    "gaps",
    "foreign",
  ],
  not_tested: [
    "not_run",
    "skipped",
    "tool_missing",
    "capability_missing",
    "baseline_broken",
    "stale",
    "cancelled",
    "over_budget",
  ],
} as const;
export type ReasonCode = (typeof reasonCodes)[keyof typeof reasonCodes][number];
