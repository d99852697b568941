/** How verdicts appear in other people's formats; data, so that no renderer decides it again. */
import type { Disposition, Verdict } from "./verdict.ts";

/** `notification`: said about the tool's own execution, not about the target. */
export interface SarifMark {
  readonly kind: "pass" | "fail" | "open" | "notApplicable" | "notification";
  readonly level: "none" | "error" | "warning";
  readonly suppressed?: true;
}

export interface Projection {
  /** Element of the JUnit test case; `none` is a plain, successful test case. */
  readonly junit: "none" | "failure" | "error" | "skipped";
  /** `type` attribute of that element. */
  readonly junitType: string;
  readonly ctrf: "passed" | "failed" | "pending" | "skipped" | "other";
  readonly sarif: SarifMark;
  /** Level in the GitHub-safe file; null = left out, since GitHub shows every result as a problem. */
  readonly github: "error" | "warning" | null;
  /** List of the in-toto test-result; null = in none of them. */
  readonly testResult: "passedTests" | "failedTests" | "warnedTests" | null;
  /** Whether it is a property of the summary attestation. */
  readonly svr: boolean;
  readonly checkRun: "success" | "failure" | "neutral";
}

const open = { kind: "open", level: "none" } as const;

/** One row of verdicts.md section 9 per verdict and disposition. */
export const projections: Readonly<Record<Verdict | Disposition, Projection>> = {
  passed: {
    junit: "none",
    junitType: "",
    ctrf: "passed",
    sarif: { kind: "pass", level: "none" },
    github: null,
    testResult: "passedTests",
    svr: true,
    checkRun: "success",
  },
  failed: {
    junit: "failure",
    junitType: "failed",
    ctrf: "failed",
    sarif: { kind: "fail", level: "error" },
    github: "error",
    testResult: "failedTests",
    svr: false,
    checkRun: "failure",
  },
  inconclusive: {
    junit: "error",
    junitType: "inconclusive",
    ctrf: "other",
    sarif: open,
    github: "warning",
    testResult: "warnedTests",
    svr: false,
    checkRun: "failure",
  },
  not_tested: {
    junit: "error",
    junitType: "not-tested",
    ctrf: "pending",
    sarif: open,
    github: "warning",
    testResult: "failedTests",
    svr: false,
    checkRun: "failure",
  },
  error: {
    junit: "error",
    junitType: "error",
    ctrf: "other",
    sarif: { kind: "notification", level: "error" },
    github: "warning",
    testResult: "failedTests",
    svr: false,
    checkRun: "failure",
  },
  waived: {
    junit: "skipped",
    junitType: "waived",
    ctrf: "skipped",
    sarif: { kind: "fail", level: "error", suppressed: true },
    github: null,
    testResult: "warnedTests",
    svr: false,
    checkRun: "neutral",
  },
  not_applicable: {
    junit: "skipped",
    junitType: "not-applicable",
    ctrf: "skipped",
    sarif: { kind: "notApplicable", level: "none" },
    github: null,
    testResult: null,
    svr: false,
    checkRun: "neutral",
  },
};

/** The row of a claim; a disposition lies over its verdict. */
export function projectVerdict(verdict: Verdict, disposition?: Disposition): Projection {
  return projections[disposition ?? verdict];
}
