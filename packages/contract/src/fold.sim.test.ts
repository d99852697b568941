import fc from "fast-check";
import { expect, test } from "vitest";
import { makeClaim, startRun, type TestRun } from "../test/support.ts";
import { fold } from "./fold.ts";
import { joinJudged, joinVerdicts, reasonsOf, worstVerdict } from "./fold/join.ts";
import type { VerdictDocument } from "./report-model.ts";
import { verdictOrder } from "./verdict.ts";

const verdict = fc.constantFrom(...verdictOrder);
const judged = verdict.chain((name) => {
  const codes = reasonsOf(name);
  const sentence = fc.constantFrom("a", "b");
  if (codes.length === 0) return fc.record({ verdict: fc.constant(name), sentence });
  return fc.record({ verdict: fc.constant(name), reason: fc.constantFrom(...codes), sentence });
});

test("the join is associative, commutative and idempotent, and passed is its identity", () => {
  fc.assert(
    fc.property(verdict, verdict, verdict, (a, b, c) => {
      expect(joinVerdicts(joinVerdicts(a, b), c)).toBe(joinVerdicts(a, joinVerdicts(b, c)));
      expect(joinVerdicts(a, b)).toBe(joinVerdicts(b, a));
      expect(joinVerdicts(a, a)).toBe(a);
      expect(joinVerdicts(a, "passed")).toBe(a);
    }),
  );
});

test("the join with reasons is associative, commutative and idempotent", () => {
  fc.assert(
    fc.property(judged, judged, judged, (a, b, c) => {
      expect(joinJudged(joinJudged(a, b), c)).toEqual(joinJudged(a, joinJudged(b, c)));
      expect(joinJudged(a, b)).toEqual(joinJudged(b, a));
      expect(joinJudged(a, a)).toEqual(a);
    }),
  );
});

test("the worst wins, and nothing at all is not_tested", () => {
  expect(worstVerdict([])).toBe("not_tested");
  fc.assert(
    fc.property(fc.array(verdict, { minLength: 1 }), (list) => {
      const worst = verdictOrder.find((name) => list.includes(name));
      expect(worstVerdict(list)).toBe(worst);
    }),
  );
});

const claims = [
  makeClaim({ id: "up", kind: "predicate" }),
  makeClaim({ id: "success", kind: "proportion", target: 0.9 }),
  makeClaim({ id: "p90", kind: "quantile", target: 0.9, limit: 100, unit: "ms" }),
  makeClaim({ id: "trials", kind: "trials", target: 0.5 }),
  makeClaim({ id: "rto", kind: "bound", limit: 10, unit: "s" }),
  makeClaim({ id: "routes", kind: "coverage", items: ["a", "b"] }),
];

type Step = (run: TestRun) => unknown;
const at = { stream: "stream", part: "all" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.boolean().map(
    (ok): Step =>
      (run) =>
        run.observe("up", ok),
  ),
  fc.boolean().map(
    (ok): Step =>
      (run) =>
        run.observe("trials", ok),
  ),
  fc.tuple(fc.nat(400), fc.nat(60)).map(
    ([n, bad]): Step =>
      (run) =>
        run.tally("success", { n: n + bad, bad, slices: [[n + bad, bad]] }),
  ),
  fc.tuple(fc.nat(400), fc.nat(60)).map(
    ([n, bad]): Step =>
      (run) =>
        run.tally("p90", { n: n + bad, bad, slices: [[n + bad, bad]], limitMs: 100 }),
  ),
  fc.tuple(fc.nat(20), fc.nat(3)).map(
    ([lower, width]): Step =>
      (run) =>
        run.add({
          kind: "value",
          claims: ["rto"],
          data: { ...at, lower, upper: lower + width, resolution: 0.1 },
        }),
  ),
  fc.tuple(fc.constantFrom("a", "b"), fc.boolean()).map(
    ([item, observed]): Step =>
      (run) =>
        run.add({ kind: "item", claims: ["routes"], data: { ...at, item, observed } }),
  ),
  fc.tuple(fc.boolean(), fc.constantFrom("pass", "fail", "both")).map(
    ([holds, invalidates]): Step =>
      (run) =>
        run.add({
          kind: "guard",
          data: {
            guard: "g",
            holds,
            invalidates,
            kinds: ["proportion", "predicate"],
            streams: ["*"],
            reason: "noise",
            seen: "seen.",
          },
        }),
  ),
  fc.constant<Step>((run) =>
    run.add({ kind: "skip", claims: ["up"], data: { reason: "skipped" } }),
  ),
  fc.constant<Step>((run) => run.close()),
);

const steps = fc.array(step, { maxLength: 25 });

function verdicts(document: VerdictDocument): Map<string, string> {
  return new Map(document.claims.map((claim) => [claim.id, claim.verdict]));
}

test("records added later never turn failed into passed", () => {
  fc.assert(
    fc.property(steps, steps, (first, second) => {
      const run = startRun(claims);
      for (const act of first) act(run);
      const before = verdicts(run.fold());
      for (const act of second) act(run);
      run.end();
      const after = verdicts(run.fold());
      for (const [id, was] of before)
        if (was === "failed") expect(after.get(id)).not.toBe("passed");
    }),
    { numRuns: 300 },
  );
});

test("order and duplicates of records change nothing", () => {
  fc.assert(
    fc.property(steps, fc.nat(), (acts, salt) => {
      const run = startRun(claims);
      for (const act of acts) act(run);
      run.end();
      const o = { chainHead: "", planDigest: run.fold().planDigest, now: "" };
      const mixed = [...run.records, ...run.records]
        .map((record, index) => ({ record, key: (index * 7_919 + salt) % 101 }))
        .sort((a, b) => a.key - b.key)
        .map(({ record }) => record);
      expect(fold(run.plan, mixed, o)).toEqual(fold(run.plan, run.records, o));
    }),
    { numRuns: 100 },
  );
});

test("READY means: every required claim passed; one without evidence is never READY", () => {
  fc.assert(
    fc.property(steps, (acts) => {
      const run = startRun([
        ...claims,
        makeClaim({ id: "missing", kind: "predicate", of: "none" }),
      ]);
      for (const act of acts) act(run);
      run.end();
      const document = run.fold();
      expect(document.outcome).not.toBe("READY");
      const failed = document.claims.some((claim) => claim.verdict === "failed");
      expect(document.outcome).toBe(failed ? "NOT_READY" : "NOT_PROVEN");
    }),
    { numRuns: 100 },
  );
});

test("totals are those of the rows", () => {
  fc.assert(
    fc.property(steps, (acts) => {
      const run = startRun(claims);
      for (const act of acts) act(run);
      const { counts } = run.fold();
      const sum = verdictOrder.reduce((total, name) => total + counts[name], 0);
      expect(sum).toBe(claims.length);
      expect(counts.required).toBe(claims.length);
      expect(counts.decided).toBe(counts.passed + counts.failed);
    }),
    { numRuns: 100 },
  );
});
