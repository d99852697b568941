import fc from "fast-check";
import { expect, test } from "vitest";
import { makeClaim, startRun, type TestRun } from "../test/support.ts";
import { buildReportModel } from "./report-build.ts";
import type { Figure, ReportModel } from "./report-model.ts";

const claims = [
  makeClaim({ id: "up", kind: "predicate" }),
  makeClaim({ id: "success", kind: "proportion", target: 0.9 }),
  makeClaim({ id: "p90", kind: "quantile", target: 0.9, limit: 100, unit: "ms" }),
  makeClaim({ id: "rto", kind: "bound", limit: 10, unit: "s" }),
  makeClaim({ id: "extra", kind: "proportion", target: 0.9, required: false }),
];
const at = { stream: "stream", part: "all" };

/** Counts of one ratio; none at all is left unseen. */
const counts = fc.option(fc.record({ n: fc.integer({ min: 1, max: 400 }), share: fc.nat(30) }));
const seen = fc.record({
  up: fc.option(fc.boolean()),
  success: counts,
  p90: counts,
  rto: fc.option(fc.integer({ min: 1, max: 20 })),
  extra: counts,
});
type Seen = typeof seen extends fc.Arbitrary<infer T> ? T : never;

function runOf({ up, rto, ...ratios }: Seen): TestRun {
  const run = startRun(claims);
  if (up !== null) run.observe("up", up);
  for (const [claim, counted] of Object.entries(ratios)) {
    if (counted === null) continue;
    const bad = Math.floor((counted.n * counted.share) / 100);
    const limit = claim === "p90" ? { limitMs: 100, observedMs: 40, upperMs: 60 } : {};
    run.tally(claim, { n: counted.n, bad, slices: [[counted.n, bad]], ...limit });
  }
  const value = { ...at, lower: rto, upper: rto, resolution: 0.1 };
  if (rto !== null) run.add({ kind: "value", claims: ["rto"], data: value });
  run.close();
  run.end();
  return run;
}

const modelOf = (run: TestRun): ReportModel =>
  buildReportModel({ plan: run.plan, planText: "", records: run.records, verdict: run.fold() });

/** Figures that say what was measured, of claims and of their parts. */
function measured({ verdict }: ReportModel): { claim: string; figure: Figure }[] {
  return verdict.claims.flatMap(({ id, observed, parts }) =>
    [observed, ...parts.map((part) => part.observed)].flatMap((figure) =>
      figure === null || figure.value === null ? [] : [{ claim: id, figure }],
    ),
  );
}

test("every measured figure of a report names records of the run that it comes from, and the report carries them [R0-28]", () => {
  fc.assert(
    fc.property(seen, (o) => {
      const run = runOf(o);
      const model = modelOf(run);
      const carried = new Map(model.records.map((record) => [record.seq, record]));
      for (const { claim, figure } of measured(model)) {
        expect([claim, figure.provenance, figure.refs.length > 0]).toEqual([
          claim,
          "measured",
          true,
        ]);
        for (const seq of figure.refs) expect(carried.get(seq)?.claims).toContain(claim);
      }
    }),
  );
});

test("without a claim's records its figure is gone, and only its own [R0-28]", () => {
  fc.assert(
    fc.property(seen, (o) => {
      const figureOf = (model: ReportModel, id: string): unknown =>
        measured(model).find(({ claim }) => claim === id)?.figure.value;
      const model = modelOf(runOf(o));
      for (const { id } of claims) {
        const without = modelOf(runOf({ ...o, [id]: null }));
        expect(figureOf(without, id)).toBe(undefined);
        for (const other of claims)
          if (other.id !== id) expect(figureOf(without, other.id)).toBe(figureOf(model, other.id));
      }
    }),
    { numRuns: 40 },
  );
});

test("READY is impossible with a required claim that failed or that nothing proves [R0-28]", () => {
  const outcomes = new Set<string>();
  fc.assert(
    fc.property(seen, (o) => {
      const { outcome, exitCode, claims: judged } = modelOf(runOf(o)).verdict;
      const required = judged.filter((claim) => claim.required);
      if (required.some(({ verdict }) => verdict === "failed")) expect(outcome).toBe("NOT_READY");
      if (required.some(({ verdict }) => verdict !== "passed")) expect(outcome).not.toBe("READY");
      expect(exitCode === 0).toBe(outcome === "READY");
      outcomes.add(outcome);
    }),
  );
  const clean = { n: 400, share: 0 };
  const good: Seen = { up: true, success: clean, p90: clean, rto: 1, extra: { n: 400, share: 30 } };
  expect(modelOf(runOf(good)).verdict.outcome).toBe("READY");
  expect(outcomes.has("NOT_READY")).toBe(true);
});
