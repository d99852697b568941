/** Each false verdict that exists at the level of evidence, its saboteur and its clean twin. */
import { describe, expect, test } from "vitest";
import { makeClaim, sha256, startRun } from "../../test/support.ts";
import { fold } from "../fold.ts";
import { formatFigure } from "../figure.ts";
import { parsePlan } from "../plan/parse-plan.ts";
import { projections } from "../projection.ts";
import { falseVerdicts, foldFalseVerdict } from "./false-verdicts.ts";

const up = makeClaim({ id: "up", kind: "predicate" });
const success = makeClaim({ id: "success", kind: "proportion", target: 0.99 });
const rto = makeClaim({ id: "rto", kind: "bound", limit: 10, unit: "s" });

describe.each(falseVerdicts)("$id: $pattern", (one) => {
  test("is caught by the named reason, keeps the run from READY, and blames no other claim", () => {
    const document = foldFalseVerdict(one, "sabotage", sha256);
    const [first, second] = document.claims;
    expect(`${first?.verdict} ${first?.reason}`).toBe(one.caught);
    expect(document.outcome).toBe("NOT_PROVEN");
    expect(second?.verdict).toBe("passed");
  });

  test("its clean twin passes", () => {
    expect(foldFalseVerdict(one, "clean", sha256).outcome).toBe("READY");
  });
});

test("V3: no verdict but passed is a success in any format", () => {
  for (const [verdict, row] of Object.entries(projections)) {
    const isSuccess = row.junit === "none" || row.ctrf === "passed";
    expect(isSuccess, verdict).toBe(verdict === "passed");
  }
});

test("V4: an absent figure prints as a word, never as 0", () => {
  const figure = { value: null, unit: "ms", provenance: "measured" as const, refs: [] };
  expect(formatFigure(figure)).toBe("not measured");
});

test("V5: counts equal the plan whatever was recorded", () => {
  const run = startRun([up, success, rto]);
  run.end();
  expect(run.fold().counts).toMatchObject({ required: 3, not_tested: 3, decided: 0 });
});

test("V8: records of another run are refused, not mixed in", () => {
  const earlier = startRun([up], "run-0");
  earlier.observe("up", true);
  earlier.close();
  const run = startRun([up]);
  run.end();
  const { planDigest } = run.fold();
  const mixed = [...run.records, ...earlier.records.slice(1)];
  const document = fold(run.plan, mixed, { chainHead: "", planDigest, now: "" });
  expect(document.claims[0]?.verdict).toBe("not_tested");
  expect(document.limits).toContain("2 records of another run were refused.");
});

test("V14: a unit slip is refused with LL_PLAN_UNIT before anything runs", () => {
  const refuse = (more: Record<string, unknown>): string[] => {
    const { limit: _limit, unit: _unit, ...claim } = rto;
    const value = { target: { baseUrl: "http://127.0.0.1:9" }, claims: [{ ...claim, ...more }] };
    const read = parsePlan(value);
    return read.ok ? [] : read.problems.map(({ code }) => code);
  };
  expect(refuse({ kind: "proportion", target: 99.5 })).toEqual(["LL_PLAN_UNIT"]);
  expect(refuse({ kind: "proportion", target: "0.995" })).toEqual(["LL_PLAN_UNIT"]);
  expect(refuse({ kind: "bound", limit: 2 })).toEqual(["LL_PLAN_UNIT"]);
  expect(refuse({ kind: "quantile", target: 0.99, limit: "2 records" })).toEqual(["LL_PLAN_UNIT"]);
  expect(refuse({ kind: "quantile", target: "99 %", limit: "2 s" })).toEqual([]);
});
