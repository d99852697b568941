import { describe, expect, test } from "vitest";
import { makeClaim, startRun } from "../test/support.ts";
import { decideGates, parseGates } from "./gates.ts";

function documentOf(passed: number, failed: number, open: number) {
  const total = passed + failed + open;
  const ids = Array.from({ length: total }, (_, index) => `c${index}`);
  const run = startRun(ids.map((id) => makeClaim({ id, kind: "predicate" })));
  ids.slice(0, passed).forEach((id) => run.observe(id, true));
  ids.slice(passed, passed + failed).forEach((id) => run.observe(id, false));
  run.close();
  run.end();
  return run.fold();
}

function verdictOf(gate: object, document = documentOf(19, 1, 0)): string {
  const parsed = parseGates({ gates: [{ id: "g", minScore: 0.95, ...gate }] });
  return parsed.ok ? (decideGates(parsed.gates, document)[0]?.verdict ?? "") : "refused";
}

describe("gates", () => {
  test("a gate at its limit is met, and failed as soon as nothing could lift it [R2-60]", () => {
    expect(verdictOf({})).toBe("passed");
    expect(verdictOf({ minScore: "96 %" })).toBe("failed");
  });

  test("open claims are neither met nor failed while they could still lift it", () => {
    expect(verdictOf({}, documentOf(18, 0, 2))).toBe("not_tested");
    expect(verdictOf({}, documentOf(10, 2, 8))).toBe("failed");
    expect(verdictOf({ minScore: 0.5 }, documentOf(18, 0, 2))).toBe("not_tested");
    expect(verdictOf({ minScore: 0.5, minCoverage: 0.9 }, documentOf(18, 0, 2))).toBe("passed");
  });

  test("a gate over no claim is not tested, never passed", () => {
    const gate = { id: "g", category: "Disaster Recovery", minScore: 0, minCoverage: 0 };
    expect(decideGates([gate], documentOf(1, 0, 0))[0]?.sentence).toContain("no claim");
    expect(verdictOf({ category: "Disaster Recovery", minScore: 0 })).toBe("not_tested");
    expect(verdictOf({ claims: ["c0", "gone"], minScore: 0 })).toBe("not_tested");
  });

  test("a gate over named claims, a category or a group counts those and no others", () => {
    const run = startRun([
      makeClaim({ id: "a", kind: "predicate" }),
      makeClaim({ id: "b", kind: "predicate", category: "Disaster Recovery" }),
      makeClaim({ id: "c", kind: "predicate", category: "Disaster Recovery" }),
    ]);
    run.observe("a", false);
    run.observe("b", true);
    run.observe("c", true);
    run.close();
    run.end();
    const document = run.fold();
    const verdict = (gate: object): string => verdictOf({ minScore: 1, ...gate }, document);
    expect(verdict({})).toBe("failed");
    expect(verdict({ claims: ["b", "c"] })).toBe("passed");
    expect(verdict({ claims: ["a", "b"] })).toBe("failed");
    expect(verdict({ category: "Disaster Recovery" })).toBe("passed");
    expect(verdict({ category: "Performance & Capacity" })).toBe("failed");
  });

  test("a score or coverage outside 0 to 100 % is refused, its ends are not", () => {
    for (const good of [0, 1, "0 %", "100 %", "99.95%"]) {
      expect(parseGates({ gates: [{ id: "g", minScore: good }] }).ok).toBe(true);
      expect(parseGates({ gates: [{ id: "g", minScore: 1, minCoverage: good }] }).ok).toBe(true);
    }
    for (const bad of [-0.01, 1.01, 2, "100.1 %", "1", "-1 %", null]) {
      expect(parseGates({ gates: [{ id: "g", minScore: bad }] }).ok).toBe(false);
    }
    expect(parseGates({ gates: [{ id: "g", minScore: 1, minCoverage: 1.01 }] }).ok).toBe(false);
  });

  test.each([undefined, "", 1, null])("a gate named %j is refused at its name", (id) => {
    const parsed = parseGates({ gates: [{ id, minScore: 1 }] });
    expect(parsed).toMatchObject({ ok: false, problems: [{ path: "gates.0.id" }] });
  });

  test.each([
    null,
    {},
    { gates: [] },
    { gates: [{ id: "g" }] },
    { gates: [{ id: "g", minScore: 95 }] },
    { gates: [{ id: "g", minScore: "195 %" }] },
    { gates: [{ id: "g", minScore: 1, categry: "x" }] },
    { gates: [{ id: "g", minScore: 1, category: "Nothing" }] },
    { gates: [{ id: "g", minScore: 1, group: "core", claims: ["c0"] }] },
    {
      gates: [
        { id: "g", minScore: 1 },
        { id: "g", minScore: 1 },
      ],
    },
  ])("%j is refused", (value) => {
    expect(parseGates(value).ok).toBe(false);
  });
});
