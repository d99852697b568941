import type { Claim } from "./claim.ts";
import type { ClaimVerdict, VerdictDocument } from "./report-model.ts";
import { type Verdict, verdictOrder } from "./verdict.ts";

/** Rows of each part of the mission's checklist; ids are `R0-01` and so on. */
export const checklistParts: Readonly<Record<string, number>> = {
  R0: 28,
  R1: 44,
  R2: 64,
  R3: 40,
  R4: 39,
};

/** Every id of the checklist, in its order. */
export const checklistIds = (): readonly string[] =>
  Object.entries(checklistParts).flatMap(([part, rows]) =>
    Array.from({ length: rows }, (_, row) => `${part}-${String(row + 1).padStart(2, "0")}`),
  );

/** What the claims of one run say of one row. */
export interface ChecklistRow {
  readonly id: string;
  /** The worst among its claims, which show a part of what it asks; without one `not_tested`. */
  readonly verdict: Verdict;
  /** Ids of the run's claims that name the row. */
  readonly claims: readonly string[];
  /** Of them those that are passed or failed. */
  readonly decided: number;
  readonly passed: number;
  /** decided / claims, 0..1; null without claims: never 0, never 100 %. */
  readonly coverage: number | null;
  /** Records that its claims rest on, each once, in order of `seq`. */
  readonly evidence: readonly number[];
}

/**
 * Every row of the checklist with the claims of a run that speak of it. Claims show a part of what a
 * row asks, so its verdict is one on this run; a waiver makes no claim passed.
 */
export function checklistRowsOf(
  verdict: Pick<VerdictDocument, "claims">,
  planned: readonly Pick<Claim, "id" | "checklist">[],
): readonly ChecklistRow[] {
  const judged = new Map(verdict.claims.map((claim) => [claim.id, claim]));
  return checklistIds().map((id): ChecklistRow => {
    const named = planned.filter(({ checklist }) => checklist?.includes(id) === true);
    const claims = named
      .map((claim) => judged.get(claim.id))
      .filter((claim): claim is ClaimVerdict => claim !== undefined);
    const verdicts = new Set(claims.map((claim) => claim.verdict));
    const decided = claims.filter(
      ({ verdict: one }) => one === "passed" || one === "failed",
    ).length;
    return {
      id,
      verdict: verdictOrder.find((one) => verdicts.has(one)) ?? "not_tested",
      claims: claims.map((claim) => claim.id),
      decided,
      coverage: claims.length === 0 ? null : decided / claims.length,
      passed: claims.filter((one) => one.verdict === "passed").length,
      evidence: [...new Set(claims.flatMap(({ evidence }) => evidence))].toSorted((a, b) => a - b),
    };
  });
}
