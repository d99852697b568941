/** Each false verdict that exists at the level of evidence, its saboteur and its clean twin. */
import { describe, expect, test } from "vitest";
import { makeClaim, spread, startRun, type TestRun } from "../../test/support.ts";
import type { Claim } from "../claim.ts";
import { fold } from "../fold.ts";
import { formatFigure } from "../figure.ts";
import { parsePlan } from "../plan/parse-plan.ts";
import { projections } from "../projection.ts";

const up = makeClaim({ id: "up", kind: "predicate" });
const success = makeClaim({ id: "success", kind: "proportion", target: 0.99 });
const rto = makeClaim({ id: "rto", kind: "bound", limit: 10, unit: "s" });

interface Saboteur {
  readonly id: string;
  readonly pattern: string;
  readonly claim: Claim;
  readonly sabotage: (run: TestRun) => unknown;
  readonly clean: (run: TestRun) => unknown;
  /** verdict and reason that catch it. */
  readonly caught: string;
}

const observeUp = (run: TestRun): unknown => (run.observe("up", true), run.close());
const proveSuccess = (run: TestRun): unknown => (
  run.tally("success", { n: 473, bad: 1, slices: spread(473, 1) }),
  run.close()
);
const measure = (run: TestRun, upper: number, provenance: "measured" | "declared" | "derived") =>
  run.add({
    kind: "value",
    claims: ["rto"],
    provenance,
    data: { stream: "stream", part: "all", lower: upper, upper, resolution: 0.1 },
  });

const saboteurs: readonly Saboteur[] = [
  {
    id: "V1",
    pattern: "a check that prints success and asserts nothing",
    claim: up,
    sabotage: (run) => (
      run.add({ kind: "note", claims: ["up"], data: { text: "OK" } }),
      run.close()
    ),
    clean: observeUp,
    caught: "error silent",
  },
  {
    id: "V3",
    pattern: "a skipped check counted as passed",
    claim: up,
    sabotage: (run) => run.add({ kind: "skip", claims: ["up"], data: { reason: "skipped" } }),
    clean: observeUp,
    caught: "not_tested skipped",
  },
  {
    id: "V4",
    pattern: "a missing metric read as 0 and met",
    claim: success,
    sabotage: (run) => (run.tally("success", { n: 0, bad: 0 }), run.close()),
    clean: proveSuccess,
    caught: "not_tested not_run",
  },
  {
    id: "V5",
    pattern: "a part with a warning left out of the denominator",
    claim: { ...up, parts: ["a", "b"] },
    sabotage: (run) => (run.observe("up", true, "a"), run.close("a")),
    clean: (run) => {
      for (const part of ["a", "b"]) {
        run.observe("up", true, part);
        run.close(part);
      }
    },
    caught: "not_tested not_run",
  },
  {
    id: "V8",
    pattern: "a stale result of an earlier run reused",
    claim: { ...up, accept: "imported" },
    sabotage: (run) => {
      const data = { stream: "stream", part: "all", ok: true, importedFrom: "run-0" };
      const measuredAt = "2026-04-01T00:00:00.000Z";
      run.add({
        kind: "observation",
        claims: ["up"],
        provenance: "imported",
        data: { ...data, measuredAt },
      });
      run.close();
    },
    clean: observeUp,
    caught: "not_tested stale",
  },
  {
    id: "V9",
    pattern: "crash-free taken for passed",
    claim: up,
    sabotage: (run) => {
      run.add({ kind: "stage.ended", claims: ["up"], data: { stage: "probe", exitStatus: 0 } });
      run.close();
    },
    clean: observeUp,
    caught: "error silent",
  },
  {
    id: "V15",
    pattern: "a target printed as a result",
    claim: rto,
    sabotage: (run) => (measure(run, 4, "declared"), run.close()),
    clean: (run) => (measure(run, 4, "measured"), run.close()),
    caught: "not_tested not_run",
  },
  {
    id: "V15b",
    pattern: "an extrapolation printed as a result",
    claim: rto,
    sabotage: (run) => (measure(run, 4, "derived"), run.close()),
    clean: (run) => (measure(run, 4, "measured"), run.close()),
    caught: "not_tested not_run",
  },
  {
    id: "V16",
    pattern: "ten samples offered as proof of 99 %",
    claim: success,
    sabotage: (run) => (
      run.tally("success", { n: 10, bad: 0, slices: spread(10, 0) }),
      run.close()
    ),
    clean: proveSuccess,
    caught: "inconclusive interval",
  },
  {
    id: "V20",
    pattern: "totals that do not add up",
    claim: success,
    sabotage: (run) => (
      run.tally("success", { n: 600, bad: 1, slices: spread(473, 1) }),
      run.close()
    ),
    clean: proveSuccess,
    caught: "error evidence",
  },
];

describe.each(saboteurs)("$id: $pattern", ({ claim, sabotage, clean, caught }) => {
  const other = makeClaim({ id: "other", kind: "predicate", of: "other" });
  const run = (act: (run: TestRun) => unknown) => {
    const made = startRun([claim, other]);
    const at = { stream: "other", part: "all" };
    made.add({ kind: "observation", claims: ["other"], data: { ...at, ok: true, seen: "" } });
    made.add({ kind: "sample.closed", data: at });
    act(made);
    made.end();
    return made.fold();
  };

  test("is caught by the named reason, keeps the run from READY, and blames no other claim", () => {
    const document = run(sabotage);
    const [first, second] = document.claims;
    expect(`${first?.verdict} ${first?.reason}`).toBe(caught);
    expect(document.outcome).toBe("NOT_PROVEN");
    expect(second?.verdict).toBe("passed");
  });

  test("its clean twin passes", () => {
    expect(run(clean).outcome).toBe("READY");
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
