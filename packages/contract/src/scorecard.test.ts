import fc from "fast-check";
import { expect, test } from "vitest";
import { claimOf, document } from "../test/one-claim.ts";
import { claimCategories } from "./claim.ts";
import type { ClaimVerdict, VerdictDocument } from "./report-model.ts";
import { buildScorecard, groupOf, scoreRow } from "./scorecard.ts";
import { verdictOrder } from "./verdict.ts";

function documentOf(claims: readonly ClaimVerdict[], over: Partial<VerdictDocument> = {}) {
  return { ...document, claims, ...over };
}

test("the eleven categories are there, and one without claims says so: never 0, never 100 [R4-33]", () => {
  const card = buildScorecard(documentOf([claimOf({ category: "Documentation" })]));
  expect(card.categories.map(({ name }) => name)).toEqual([...claimCategories]);
  const empty = card.categories.find(({ name }) => name === "Orchestration");
  expect(empty).toMatchObject({ required: 0, coverage: null, score: null });
  const full = card.categories.find(({ name }) => name === "Documentation");
  expect(full).toMatchObject({ required: 1, decided: 1, passed: 1, coverage: 1, score: 1 });
});

test("waived is not passed, not applicable leaves the denominator, optional never counts", () => {
  const row = scoreRow("all", [
    claimOf({ id: "a" }),
    claimOf({ id: "b", verdict: "failed", disposition: "waived" }),
    claimOf({ id: "c", verdict: "not_tested", disposition: "not_applicable" }),
    claimOf({ id: "d", verdict: "failed", required: false }),
    claimOf({ id: "e", verdict: "inconclusive" }),
  ]);
  expect(row).toMatchObject({ required: 3, decided: 2, passed: 1, waived: 1, notApplicable: 1 });
  expect(row.score).toBe(1 / 3);
  expect(row.coverage).toBe(2 / 3);
});

const anyClaim = fc.record({
  id: fc.constantFrom("http.up", "openai.chat", "stack.mlflow.run", "rag.query", "load.x"),
  verdict: fc.constantFrom(...verdictOrder),
  category: fc.constantFrom(...claimCategories),
  required: fc.boolean(),
});

test("total, categories and groups are recounts of the same claims [R1-42]", () => {
  fc.assert(
    fc.property(fc.array(anyClaim, { maxLength: 40 }), (rows) => {
      const card = buildScorecard(documentOf(rows.map(claimOf)));
      for (const part of [card.categories, card.groups]) {
        const sum = (key: "required" | "decided" | "passed"): number =>
          part.reduce((total, row) => total + row[key], 0);
        expect(sum("required")).toBe(card.total.required);
        expect(sum("decided")).toBe(card.total.decided);
        expect(sum("passed")).toBe(card.total.passed);
      }
    }),
  );
});

test("no use is READY with a required claim that is open, or without a claim it needs [R1-44]", () => {
  fc.assert(
    fc.property(fc.array(anyClaim, { maxLength: 20 }), (rows) => {
      const claims = rows.map(claimOf);
      const ready = { outcome: "READY" } as const;
      for (const use of buildScorecard(documentOf(claims, ready)).uses) {
        if (use.outcome !== "READY") continue;
        expect(use.row.passed).toBe(use.row.required);
        expect(use.row.required).toBeGreaterThan(0);
        expect(use.missing).toEqual([]);
      }
    }),
  );
});

test("a run that did not end makes no use READY", () => {
  const open = documentOf([claimOf({})], { outcome: "NOT_PROVEN" });
  expect(buildScorecard(open).uses.every(({ outcome }) => outcome !== "READY")).toBe(true);
  const [development] = buildScorecard(documentOf([claimOf({ category: "Documentation" })])).uses;
  expect(development?.outcome).toBe("READY");
});

test("a claim is in one group: by its category, else by what its id names", () => {
  expect(groupOf({ id: "openai.auth", category: "Security & Compliance" })).toBe("security");
  expect(groupOf({ id: "openai.chat", category: "Architecture & Design" })).toBe("ml");
  expect(groupOf({ id: "http.alive", category: "Architecture & Design" })).toBe("core");
});
