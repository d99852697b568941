import fc from "fast-check";
import { expect, test } from "vitest";
import { claimOf as anyClaimOf, document } from "../test/one-claim.ts";
import { claimCategories } from "./claim.ts";
import type { ClaimVerdict } from "./report-model.ts";
import { citedRisk, riskLevelOf, riskLevels, riskStatements } from "./risk.ts";
import { buildScorecard } from "./scorecard.ts";
import { verdictOrder } from "./verdict.ts";

const claimOf = (over: Partial<ClaimVerdict>): ClaimVerdict =>
  anyClaimOf({ category: "Disaster Recovery", ...over });

const dataLoss = (claims: readonly ClaimVerdict[]) => {
  const found = riskStatements(claims).find(({ risk }) => risk === "data loss");
  if (!found) throw new Error("the risk has a statement");
  return found;
};

test("data loss is low by claims that all passed alone, and cites them [R1-43]", () => {
  const both = [claimOf({ id: "drill.a" }), claimOf({ id: "drill.b", required: false })];
  expect(dataLoss(both)).toEqual({
    risk: "data loss",
    level: "low",
    sentence: "2 of 2 claims passed.",
    claims: ["drill.a", "drill.b"],
  });
});

test("a claim of zero loss speaks of it in any category", () => {
  const written = claimOf({ id: "w.loss", kind: "zero_loss", category: "Testing & Quality" });
  expect(dataLoss([written]).claims).toEqual(["w.loss"]);
  expect(dataLoss([{ ...written, kind: "predicate" }])).toMatchObject({ level: "unknown" });
});

test("without a claim it is unknown, never low [R1-43]", () => {
  const none = { level: "unknown", sentence: "No claim speaks of it.", claims: [] };
  expect(dataLoss([])).toMatchObject(none);
  expect(dataLoss([claimOf({ disposition: "not_applicable" })])).toMatchObject(none);
});

test("what was skipped, or only warns, stays in the count and keeps it from low [R1-43]", () => {
  const passed = claimOf({ id: "drill.a" });
  const skipped = claimOf({ id: "drill.skipped", verdict: "not_tested", required: false });
  expect(dataLoss([passed, skipped])).toMatchObject({
    level: "unknown",
    sentence: "1 of 2 claims are open.",
    claims: ["drill.skipped"],
  });
  const warning = claimOf({ id: "drill.warns", verdict: "failed", required: false });
  expect(dataLoss([passed, skipped, warning])).toMatchObject({
    level: "high",
    sentence: "1 of 3 claims failed.",
    claims: ["drill.warns"],
  });
});

test("a waiver accepts a failure and takes no risk away", () => {
  const waived = claimOf({ id: "drill.w", verdict: "failed", disposition: "waived" });
  expect(dataLoss([waived])).toMatchObject({ level: "high", claims: ["drill.w"] });
});

test("the whole is as its worst risk", () => {
  const at = (...levels: readonly (typeof riskLevels)[number][]) =>
    riskLevelOf(levels.map((level) => ({ risk: "r", level, sentence: "s.", claims: [] })));
  expect([at(), at("low"), at("low", "unknown"), at("unknown", "high")]).toEqual([
    "unknown",
    "low",
    "unknown",
    "high",
  ]);
});

test("a sentence names three claims and counts the rest", () => {
  const claims = ["a", "b", "c", "d", "e"];
  const one = { risk: "r", level: "low", sentence: "5 of 5 claims passed.", claims } as const;
  expect(citedRisk(one)).toBe("5 of 5 claims passed: a, b, c and 2 more.");
  expect(citedRisk({ ...one, claims: ["a"] })).toBe("5 of 5 claims passed: a.");
  expect(citedRisk({ ...one, sentence: "No claim speaks of it.", claims: [] })).toBe(
    "No claim speaks of it.",
  );
});

const anyClaim = fc.record({
  id: fc.string({ minLength: 1, maxLength: 8 }),
  verdict: fc.constantFrom(...verdictOrder),
  category: fc.constantFrom(...claimCategories),
  required: fc.boolean(),
});

test("every statement cites claims of the run that bear it out, and more of them never lower it", () => {
  fc.assert(
    fc.property(fc.array(anyClaim, { maxLength: 30 }), anyClaim, (rows, further) => {
      const claims = rows.map(claimOf);
      const { risks } = buildScorecard({ ...document, claims });
      for (const { level, claims: cited } of risks) {
        const words = cited.map((id) => claims.filter((one) => one.id === id));
        const wanted = { low: "passed", high: "failed" } as const;
        if (level === "unknown") continue;
        expect(cited.length).toBeGreaterThan(0);
        for (const found of words)
          expect(found.map(({ verdict }) => verdict)).toContain(wanted[level]);
      }
      const after = riskStatements([...claims, claimOf(further)]);
      risks.forEach((before, at) => {
        if (before.level === "high") expect(after[at]?.level).toBe("high");
        if (before.level === "low" || before.claims.length > 0)
          expect(riskLevels.indexOf(after[at]?.level ?? "low")).toBeGreaterThanOrEqual(
            riskLevels.indexOf(before.level),
          );
      });
    }),
  );
});
