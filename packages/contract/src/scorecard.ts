/** Counts of the same verdicts, grouped. No weights: a sum of unlike things is no measure. */
import { type ClaimCategory, claimCategories } from "./claim.ts";
import { decideOutcome } from "./fold/outcome.ts";
import type { ClaimVerdict, VerdictDocument } from "./report-model.ts";
import { type RiskStatement, riskStatements } from "./risk.ts";
import type { Outcome } from "./verdict.ts";

/** One line of the scorecard; only required claims count. */
export interface ScoreRow {
  readonly name: string;
  /** Required claims without those approved as not applicable. */
  readonly required: number;
  /** passed and failed. */
  readonly decided: number;
  readonly passed: number;
  readonly waived: number;
  readonly notApplicable: number;
  /** decided / required, 0..1; null without claims: never 0, never 100 %. */
  readonly coverage: number | null;
  /** passed / required, 0..1; null without claims. */
  readonly score: number | null;
  /** Ids of its required claims. */
  readonly claims: readonly string[];
}

/** What somebody wants to use the target for, decided from the claims that use needs. */
export interface UseVerdict {
  readonly use: string;
  readonly outcome: Outcome;
  readonly sentence: string;
  readonly row: ScoreRow;
  /** Categories the use needs and the plan has no required claim of. */
  readonly missing: readonly ClaimCategory[];
}

export interface Scorecard {
  readonly categories: readonly ScoreRow[];
  readonly groups: readonly ScoreRow[];
  readonly uses: readonly UseVerdict[];
  /** All claims count here, optional ones too. */
  readonly risks: readonly RiskStatement[];
  readonly total: ScoreRow;
}

function ratio(count: number, of: number): number | null {
  return of === 0 ? null : count / of;
}

/** The counts of some claims; optional ones are left out. */
export function scoreRow(name: string, claims: readonly ClaimVerdict[]): ScoreRow {
  const all = claims.filter(({ required }) => required);
  const counted = all.filter(({ disposition }) => disposition !== "not_applicable");
  const of = (verdict: string): number => counted.filter((c) => c.verdict === verdict).length;
  const [passed, decided] = [of("passed"), of("passed") + of("failed")];
  return {
    name,
    required: counted.length,
    decided,
    passed,
    waived: counted.filter(({ disposition }) => disposition === "waived").length,
    notApplicable: all.length - counted.length,
    coverage: ratio(decided, counted.length),
    score: ratio(passed, counted.length),
    claims: all.map(({ id }) => id),
  };
}

export const scoreGroups = ["core", "ml", "performance", "security", "monitoring"] as const;
export type ScoreGroup = (typeof scoreGroups)[number];

const groupOfCategory: Partial<Record<ClaimCategory, ScoreGroup>> = {
  "Performance & Capacity": "performance",
  "Security & Compliance": "security",
  "Monitoring & Observability": "monitoring",
};

const mlWords =
  /(^|[._-])(openai|anthropic|models?|chat|embeddings?|rag|mcp|mlflow|train\w*)([._-]|$)/;

/** The one checklist group of a claim: its category first, then what its id speaks of. */
export function groupOf(claim: Pick<ClaimVerdict, "id" | "category">): ScoreGroup {
  return groupOfCategory[claim.category] ?? (mlWords.test(claim.id) ? "ml" : "core");
}

interface Use {
  readonly use: string;
  readonly groups: readonly ScoreGroup[];
  /** Needed beside the groups; without a required claim of each the use is not proven. */
  readonly categories: readonly ClaimCategory[];
}

/** The declared uses, from the least to the most demanding. */
export const scoreUses = [
  { use: "development and testing", groups: ["core", "ml"], categories: [] },
  {
    use: "first production",
    groups: ["core", "ml", "performance", "security"],
    categories: ["Performance & Capacity", "Security & Compliance"],
  },
  {
    use: "small to medium scale",
    groups: scoreGroups,
    categories: [
      "Performance & Capacity",
      "Security & Compliance",
      "Monitoring & Observability",
      "Disaster Recovery",
      "Operational Readiness",
    ],
  },
  {
    use: "ML training",
    groups: ["core", "ml", "performance"],
    categories: ["Performance & Capacity", "Disaster Recovery"],
  },
] as const satisfies readonly Use[];

/** Names a plan may declare as its `use`. */
export const useNames = scoreUses.map(({ use }) => use);

function describeUse(outcome: Outcome, row: ScoreRow, missing: readonly string[]): string {
  if (missing.length > 0) return `The plan promises nothing about ${missing.join(", ")}.`;
  const waived = row.waived === 0 ? "" : `, ${row.waived} waived`;
  if (outcome === "READY") {
    return `${row.passed} of ${row.required} required claims are proven${waived}.`;
  }
  if (outcome === "NOT_READY") return `A required claim is refuted.`;
  return `${row.decided} of ${row.required} required claims are decided.`;
}

const rulesOpen = { isClosed: true, maxWaived: Number.POSITIVE_INFINITY };

/** A run that is not ready as a whole for reasons beyond its claims makes no use ready either. */
function decideUse(use: Use, document: VerdictDocument, isWhole: boolean): UseVerdict {
  const claims = document.claims.filter(
    (claim) => use.groups.includes(groupOf(claim)) || use.categories.includes(claim.category),
  );
  const row = scoreRow(use.use, claims);
  const missing = use.categories.filter(
    (category) => !claims.some((c) => c.required && c.category === category),
  );
  const own = decideOutcome(claims, rulesOpen);
  const isReady = own === "READY" && missing.length === 0 && isWhole;
  const outcome = own === "READY" && !isReady ? "NOT_PROVEN" : own;
  const sentence =
    own === "READY" && !isWhole
      ? "The run did not end, or more is waived than the plan allows."
      : describeUse(outcome, row, missing);
  return { use: use.use, outcome, sentence, row, missing };
}

/** A run whose claims make it ready ended, and waives no more than it may. */
function isWholeRun({ outcome, unmet, claims }: VerdictDocument): boolean {
  if (outcome === "READY" || unmet !== undefined) return true;
  return decideOutcome(claims, rulesOpen) !== "READY";
}

/** One use by its name. @throws TypeError for a name that is none; `readPlan` refuses those */
export function decideNamedUse(name: string, document: VerdictDocument): UseVerdict {
  const use = scoreUses.find((one) => one.use === name);
  if (use === undefined) throw new TypeError(`no use is named ${name}`);
  return decideUse(use, document, isWholeRun(document));
}

/** The scorecard of a verdict: every row is a recount of the same claims. */
export function buildScorecard(document: VerdictDocument): Scorecard {
  const { claims } = document;
  const isWhole = isWholeRun(document);
  return {
    categories: claimCategories.map((category) =>
      scoreRow(
        category,
        claims.filter((claim) => claim.category === category),
      ),
    ),
    groups: scoreGroups.map((group) =>
      scoreRow(
        group,
        claims.filter((claim) => groupOf(claim) === group),
      ),
    ),
    uses: scoreUses.map((use) => decideUse(use, document, isWhole)),
    risks: riskStatements(claims),
    total: scoreRow("total", claims),
  };
}
