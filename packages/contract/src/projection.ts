/** How verdicts appear in other people's formats; data, so that no renderer decides it again. */
import type { Disposition, Verdict } from "./verdict.ts";

export interface Projection {
  /** Element of the JUnit test case; `none` is a plain, successful test case. */
  readonly junit: "none" | "failure" | "error" | "skipped";
  /** `type` attribute of that element. */
  readonly junitType: string;
  readonly ctrf: "passed" | "failed" | "pending" | "skipped" | "other";
}

export const projections: Readonly<Record<Verdict | Disposition, Projection>> = {
  passed: { junit: "none", junitType: "", ctrf: "passed" },
  failed: { junit: "failure", junitType: "failed", ctrf: "failed" },
  inconclusive: { junit: "error", junitType: "inconclusive", ctrf: "other" },
  not_tested: { junit: "error", junitType: "not-tested", ctrf: "pending" },
  error: { junit: "error", junitType: "error", ctrf: "other" },
  waived: { junit: "skipped", junitType: "waived", ctrf: "skipped" },
  not_applicable: { junit: "skipped", junitType: "not-applicable", ctrf: "skipped" },
};

/** The row of a claim; a disposition lies over its verdict. */
export function projectVerdict(verdict: Verdict, disposition?: Disposition): Projection {
  return projections[disposition ?? verdict];
}
