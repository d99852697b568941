import type { ClaimCategory } from "./claim.ts";
import type { ClaimVerdict } from "./report-model.ts";

/** `low` is what was looked at and not seen; nothing is ever said to be without risk. */
export const riskLevels = ["low", "unknown", "high"] as const;
export type RiskLevel = (typeof riskLevels)[number];

/** How far a run speaks of one risk, and by which claims. */
export interface RiskStatement {
  readonly risk: string;
  readonly level: RiskLevel;
  readonly sentence: string;
  /** Claims that decide the level: the refuted ones, else the open ones, else all that passed. */
  readonly claims: readonly string[];
}

interface Risk {
  readonly risk: string;
  readonly categories: readonly ClaimCategory[];
  readonly kinds?: readonly ClaimVerdict["kind"][];
}

const risks: readonly Risk[] = [
  { risk: "data loss", categories: ["Disaster Recovery"], kinds: ["zero_loss"] },
  { risk: "outage", categories: ["Operational Readiness", "Containerization", "Orchestration"] },
  { risk: "breach", categories: ["Security & Compliance"] },
  { risk: "overload", categories: ["Performance & Capacity"] },
  { risk: "unseen fault", categories: ["Monitoring & Observability"] },
];

/**
 * Each risk with its level: `high` with a refuted claim, waived and optional ones among them,
 * `unknown` while a claim is open or none speaks of it, else `low`. What is not applicable is left
 * out, what was skipped is open.
 */
export function riskStatements(claims: readonly ClaimVerdict[]): readonly RiskStatement[] {
  const counted = claims.filter(({ disposition }) => disposition !== "not_applicable");
  return risks.map((risk) => stated(risk, counted));
}

/** The worst of them; `unknown` of none. */
export function riskLevelOf(statements: readonly RiskStatement[]): RiskLevel {
  const levels = statements.map(({ level }) => level);
  if (levels.includes("high")) return "high";
  return levels.length === 0 || levels.includes("unknown") ? "unknown" : "low";
}

function stated({ risk, categories, kinds = [] }: Risk, all: readonly ClaimVerdict[]) {
  const own = all.filter((one) => categories.includes(one.category) || kinds.includes(one.kind));
  const failed = own.filter(({ verdict }) => verdict === "failed");
  const open = own.filter(({ verdict }) => verdict !== "failed" && verdict !== "passed");
  const told = (level: RiskLevel, by: readonly ClaimVerdict[], words: string): RiskStatement => ({
    risk,
    level,
    sentence: `${by.length} of ${own.length} claims ${words}.`,
    claims: by.map(({ id }) => id),
  });
  if (own.length === 0)
    return { risk, level: "unknown" as const, sentence: "No claim speaks of it.", claims: [] };
  if (failed.length > 0) return told("high", failed, "failed");
  return open.length > 0 ? told("unknown", open, "are open") : told("low", own, "passed");
}

const citedMax = 3;

/** The sentence with the claims it rests on, the first three by name. */
export function citedRisk({ sentence, claims }: RiskStatement): string {
  if (claims.length === 0) return sentence;
  const rest = claims.length - citedMax;
  const more = rest > 0 ? ` and ${rest} more` : "";
  return `${sentence.slice(0, -1)}: ${claims.slice(0, citedMax).join(", ")}${more}.`;
}
