import { describe, expect, test } from "vitest";
import { checklistIds, checklistRowsOf } from "./checklist-rows.ts";
import type { ClaimVerdict } from "./report-model.ts";
import type { Verdict } from "./verdict.ts";

const judged = (id: string, verdict: Verdict, evidence: readonly number[] = []): ClaimVerdict =>
  ({ id, verdict, evidence }) as unknown as ClaimVerdict;
const rowsOf = (
  claims: readonly ClaimVerdict[],
  planned: readonly { readonly id: string; readonly checklist?: readonly string[] }[],
) => new Map(checklistRowsOf({ claims }, planned).map((row) => [row.id, row]));
const row = ["R1", "05"].join("-");
const other = ["R2", "57"].join("-");

describe("rows of the checklist", () => {
  test("are 215, each once, in order", () => {
    const ids = checklistIds();
    expect([ids.length, new Set(ids).size]).toEqual([215, 215]);
    expect([ids[0], ids.at(-1)]).toEqual([["R0", "01"].join("-"), ["R4", "39"].join("-")]);
    expect(ids.toSorted()).toEqual(ids);
  });

  test("that no claim names are not tested, without coverage, claims or evidence", () => {
    const rows = rowsOf([judged("a", "passed", [1])], [{ id: "a" }]);
    const verdicts = [...rows.values()].map(({ verdict }) => verdict);
    expect(new Set(verdicts)).toEqual(new Set(["not_tested"]));
    const none = { claims: [], decided: 0, passed: 0, coverage: null, evidence: [] };
    expect(rows.get(row)).toMatchObject(none);
  });

  test.each<[Verdict[], Verdict]>([
    [["passed", "passed"], "passed"],
    [["passed", "not_tested"], "not_tested"],
    [["not_tested", "inconclusive"], "inconclusive"],
    [["error", "inconclusive"], "error"],
    [["passed", "error", "failed"], "failed"],
  ])("with claims that are %j are %s: the worst of them", (verdicts, worst) => {
    const claims = verdicts.map((verdict, at) => judged(`c${at}`, verdict));
    const planned = claims.map(({ id }) => ({ id, checklist: [row] }));
    expect(rowsOf(claims, planned).get(row)?.verdict).toBe(worst);
  });

  test("carry the records of their claims once each, and how many are decided", () => {
    const claims = [judged("a", "passed", [3, 9]), judged("b", "not_tested", [1, 3])];
    const planned = [
      { id: "a", checklist: [row, other] },
      { id: "b", checklist: [row] },
    ];
    const rows = rowsOf(claims, planned);
    expect(rows.get(row)).toMatchObject({
      claims: ["a", "b"],
      decided: 1,
      passed: 1,
      evidence: [1, 3, 9],
      coverage: 0.5,
      verdict: "not_tested",
    });
    expect(rows.get(other)).toMatchObject({ claims: ["a"], verdict: "passed", coverage: 1 });
  });

  test("leave out a planned claim that the run did not judge", () => {
    const rows = rowsOf([], [{ id: "a", checklist: [row] }]);
    expect(rows.get(row)).toMatchObject({ claims: [], verdict: "not_tested" });
  });
});
