import { describe, expect, it } from "vitest";
import { fixtureModel } from "../../test/fixture-model.ts";
import { firstScreenOf } from "./first-screen.ts";

describe("first screen", () => {
  it("counts are those of the verdict, not of rows", () => {
    const model = fixtureModel();
    const counts = { ...model.verdict.counts, passed: 777, decided: 778 };
    const screen = firstScreenOf({ ...model, verdict: { ...model.verdict, counts } });
    expect(screen.counts.find(({ word }) => word === "passed")?.n.value).toBe(777);
    expect(screen.decided.value).toBe(778);
  });

  it("stoppers are the required claims that are not passed, worst first", () => {
    const model = fixtureModel();
    const { stoppers } = firstScreenOf(model);
    expect(stoppers).toHaveLength(model.verdict.counts.required - model.verdict.counts.passed);
    expect(new Set(stoppers.map((claim) => claim.verdict))).toEqual(
      new Set(["failed", "error", "inconclusive", "not_tested"]),
    );
    expect(stoppers[0]?.verdict).toBe("failed");
    expect(stoppers.at(-1)?.verdict).toBe("not_tested");
  });

  it("what is proven are the required passed claims, those decided by samples first", () => {
    const model = fixtureModel();
    const claims = model.verdict.claims.map((claim, index) =>
      index % 2 === 0 ? { ...claim, kind: "predicate" as const } : claim,
    );
    const { proven } = firstScreenOf({ ...model, verdict: { ...model.verdict, claims } });
    expect(proven).toHaveLength(model.verdict.counts.passed);
    expect(proven.every((claim) => claim.required && claim.verdict === "passed")).toBe(true);
    const firstPredicate = proven.findIndex((claim) => claim.kind === "predicate");
    expect(firstPredicate).toBeGreaterThan(0);
    const after = new Set(proven.slice(firstPredicate).map((claim) => claim.kind));
    expect([...after]).toEqual(["predicate"]);
  });

  it("a waived claim and an optional one stop nothing", () => {
    const model = fixtureModel();
    const claims = model.verdict.claims.map((claim, index) =>
      index % 2 === 0
        ? { ...claim, disposition: "waived" as const }
        : { ...claim, required: false },
    );
    expect(firstScreenOf({ ...model, verdict: { ...model.verdict, claims } }).stoppers).toEqual([]);
  });

  it("untested parts are grouped by reason, most first, and add up", () => {
    const { untested } = firstScreenOf(fixtureModel());
    const sum = untested.reasons.reduce((total, { n }) => total + (n.value ?? 0), 0);
    expect(sum).toBe(untested.parts.value);
    expect(untested.reasons.map(({ reason }) => reason)).toEqual(["skipped", "tool_missing"]);
  });
});
