/** What is promised: one claim of a plan, before anything was observed. */

/** The kinds this build decides; every other kind is refused by name (`LL_PLAN_KIND`). */
export const claimKinds = [
  "predicate",
  "proportion",
  "quantile",
  "trials",
  "bound",
  "coverage",
  "mean",
  "comparison",
  "zero_loss",
  "time_availability",
  "window_slo",
] as const;
export type ClaimKind = (typeof claimKinds)[number];

export const claimCategories = [
  "Architecture & Design",
  "Security & Compliance",
  "Containerization",
  "Orchestration",
  "Monitoring & Observability",
  "Performance & Capacity",
  "Testing & Quality",
  "Documentation",
  "Deployment Automation",
  "Disaster Recovery",
  "Operational Readiness",
] as const;
export type ClaimCategory = (typeof claimCategories)[number];

export interface Claim {
  /** Dotted and stable between runs, e.g. `chat.p99`. */
  readonly id: string;
  /** Rendered verbatim; names unit and scope. */
  readonly statement: string;
  readonly kind: ClaimKind;
  /** Observation stream that decides it, e.g. `load.chat` or `probe.openai.auth`. */
  readonly of: string;
  /** Declared parts, at least one; the denominator. A claim without parts of its own has `["all"]`. */
  readonly parts: readonly string[];
  /**
   * proportion and trials: success ratio 0..1. quantile: the quantile 0..1. time_availability: share
   * of time up. window_slo: the objective.
   */
  readonly target?: number;
  /**
   * quantile: limit in ms. bound and mean: limit in the unit of `unit`. comparison: accepted
   * worsening as a ratio, 0.1 = 10 %. time_availability: the longest outage in ms.
   */
  readonly limit?: number;
  /** mean: the side of the limit it keeps to, default `below`. */
  readonly side?: "below" | "above";
  /** mean, side `above`: all that the run asks for, in `unit`; nothing shows a limit from there on. */
  readonly offered?: number;
  /** Tumbling windows of this length in ms are the parts: each passes at a, one of m fails at a/m. */
  readonly over?: number;
  /** Unit of `limit`, e.g. `ms`, `s`, `records`. */
  readonly unit?: string;
  /**
   * Least number of observations. predicate and bound: default 1; mean: slices, default 30;
   * comparison: pairs, default 100; proportion and quantile: fewer decide nothing; zero_loss:
   * acknowledged writes, never under 1,000.
   */
  readonly min?: number;
  /** proportion, quantile and trials: samples decide in the order they come, at the first that can. */
  readonly mode?: "sequential";
  /** coverage: the declared items, each to be observed true. */
  readonly items?: readonly string[];
  /** One-sided, 0.9..0.999, default 0.95. */
  readonly confidence: number;
  /** Optional claims are shown, never counted. */
  readonly required: boolean;
  readonly category: ClaimCategory;
  /** `imported`: named foreign results up to 24 h old count too. */
  readonly accept?: "imported";
  /** At least 10 characters. */
  readonly rationale: string;
  /** Checklist ids this claim shows, e.g. `R2-02`. */
  readonly checklist?: readonly string[];
}

/** A problem found in data: never thrown, always returned. */
export interface Problem {
  readonly code: string;
  readonly path: string;
  readonly message: string;
}
