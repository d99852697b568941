import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeClaim, spread, startRun, type TestRun } from "../../test/support.ts";
import { type Claim, type ClaimKind, claimKinds } from "../claim.ts";
import type { ClaimVerdict } from "../report-model.ts";
import { type Verdict, verdictOrder } from "../verdict.ts";
import { isReasonOf, reasonsOf } from "./join.ts";

const up = makeClaim({ id: "up", kind: "predicate" });
const rank = (verdict: Verdict): number => verdictOrder.indexOf(verdict);

function first(run: TestRun): ClaimVerdict {
  const [claim] = run.fold().claims;
  if (claim === undefined) throw new Error("no claim");
  return claim;
}

/** What may happen to one part of a predicate. */
type Fate = "true" | "false" | "mixed" | "skip" | "crash" | "silent" | "open" | "nothing";
const fates: readonly Fate[] = [
  "true",
  "false",
  "mixed",
  "skip",
  "crash",
  "silent",
  "open",
  "nothing",
];
const meant: Readonly<Record<Fate, Verdict>> = {
  true: "passed",
  false: "failed",
  mixed: "failed",
  skip: "not_tested",
  crash: "error",
  silent: "error",
  open: "not_tested",
  nothing: "not_tested",
};

function befall(run: TestRun, part: string, fate: Fate): void {
  if (fate === "nothing") return;
  if (fate === "skip") {
    run.add({ kind: "skip", claims: ["up"], data: { part, reason: "tool_missing" } });
    return;
  }
  if (fate === "crash") run.add({ kind: "check.error", claims: ["up"], data: { part } });
  if (fate === "true" || fate === "mixed" || fate === "open") run.observe("up", true, part);
  if (fate === "false" || fate === "mixed") run.observe("up", false, part);
  if (fate !== "open") run.close(part);
}

const names = ["a", "b", "c", "d"];
const someFates = fc.array(fc.constantFrom(...fates), { minLength: 1, maxLength: names.length });

describe("the worst wins", () => {
  test("a claim is as bad as its worst part, whatever the others say", () => {
    fc.assert(
      fc.property(someFates, (list) => {
        const parts = names.slice(0, list.length);
        const run = startRun([{ ...up, parts }]);
        list.forEach((fate, at) => befall(run, parts[at] ?? "", fate));
        run.end();
        const claim = first(run);
        expect(claim.parts.map(({ verdict }) => verdict)).toEqual(list.map((f) => meant[f]));
        const seen = list.map((fate) => meant[fate]);
        expect(claim.verdict).toBe(verdictOrder.find((verdict) => seen.includes(verdict)));
      }),
      { numRuns: 150 },
    );
  });

  test("a skip or a broken check never makes a verdict better", () => {
    const notes = fc.array(fc.constantFrom("skip", "check.error"), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.constantFrom(...fates), notes, (fate, kinds) => {
        const [bare, noted] = [startRun([up]), startRun([up])];
        befall(bare, "all", fate);
        befall(noted, "all", fate);
        for (const kind of kinds) noted.add({ kind, claims: ["up"], data: { part: "all" } });
        const worse = rank(first(noted).verdict);
        if (fate !== "silent") expect(worse).toBeLessThanOrEqual(rank(first(bare).verdict));
        expect(first(noted).verdict).not.toBe("passed");
      }),
      { numRuns: 100 },
    );
  });

  test("every verdict that is not a pass has a reason of its own table, and says what would prove it [R3-40]", () => {
    fc.assert(
      fc.property(fc.constantFrom(...fates), (fate) => {
        const run = startRun([up]);
        befall(run, "all", fate);
        const claim = first(run);
        if (claim.verdict === "passed") {
          expect([claim.reason, claim.toProve]).toEqual([undefined, ""]);
        } else {
          expect(isReasonOf(claim.verdict, claim.reason)).toBe(true);
          expect(claim.toProve).not.toBe("");
        }
      }),
    );
    expect(reasonsOf("passed")).toEqual([]);
  });
});

describe("required and optional", () => {
  test("READY is exactly: some required claim, all of them passed, the run ended", () => {
    const one = fc.record({ fate: fc.constantFrom(...fates), required: fc.boolean() });
    const rows = fc.array(one, { minLength: 1, maxLength: 4 });
    const end = fc.constantFrom("done", "cancelled", "never");
    fc.assert(
      fc.property(rows, end, (list, how) => {
        const claims = list.map(({ required }, at) =>
          makeClaim({ id: `c${at}`, kind: "predicate", required, of: `s${at}` }),
        );
        const run = startRun(claims);
        list.forEach(({ fate }, at) => {
          const [id, stream] = [`c${at}`, `s${at}`];
          const data = { stream, part: "all", seen: "" };
          const see = (ok: boolean): void =>
            void run.add({ kind: "observation", claims: [id], data: { ...data, ok } });
          if (meant[fate] === "error") run.add({ kind: "check.error", claims: [id], data: {} });
          if (fate === "skip") run.add({ kind: "skip", claims: [id], data: {} });
          if (meant[fate] === "passed" || fate === "open") see(true);
          if (meant[fate] === "failed") see(false);
          if (fate === "true") run.add({ kind: "sample.closed", data });
        });
        if (how !== "never") run.end(how === "done" ? "done" : "cancelled");
        const verdicts = list.filter(({ required }) => required).map(({ fate }) => meant[fate]);
        const isProven = verdicts.length > 0 && verdicts.every((v) => v === "passed");
        const rest = isProven && how === "done" ? "READY" : "NOT_PROVEN";
        const expected = verdicts.includes("failed") ? "NOT_READY" : rest;
        const document = run.fold();
        expect(document.outcome).toBe(expected);
        expect(document.exitCode).toBe({ READY: 0, NOT_READY: 1, NOT_PROVEN: 2 }[expected]);
        expect(document.counts.required).toBe(verdicts.length);
        if (expected !== "READY") expect(document.sentence).toMatch(/^Do not sign: /);
      }),
      { numRuns: 200 },
    );
  });
});

/** A claim of each ratio kind with a sample that passes, or one that fails. */
function ratioRun(kind: ClaimKind, isGood: boolean): { claim: Claim; act: (run: TestRun) => void } {
  const limit = kind === "quantile" ? { limit: 100, unit: "ms" } : {};
  const claim = makeClaim({ id: "c", kind, target: 0.9, ...limit });
  const bad = isGood ? 0 : 120;
  const act = (run: TestRun): void => {
    run.tally("c", { n: 300, bad, slices: spread(300, bad), limitMs: 100 });
    run.close();
  };
  return { claim, act };
}

describe("guards", () => {
  const guardOf = (o: Record<string, unknown>) => ({
    kind: "guard" as const,
    data: { guard: "g", holds: false, reason: "noise", seen: "Loud.", streams: ["*"], ...o },
  });
  const sides = fc.constantFrom<"pass" | "fail" | "both">("pass", "fail", "both");

  test("a breach voids exactly its kinds, its streams and its side, and gives no verdict", () => {
    const some = fc.subarray([...claimKinds]);
    const streams = fc.constantFrom<string[]>(["*"], ["stream"], ["other"], ["other", "stream"]);
    const kind = fc.constantFrom<ClaimKind>("proportion", "quantile");
    fc.assert(
      fc.property(
        kind,
        fc.boolean(),
        fc.boolean(),
        sides,
        some,
        streams,
        (k, good, holds, ...g) => {
          const [invalidates, kinds, watched] = g;
          const { claim, act } = ratioRun(k, good);
          const run = startRun([claim]);
          act(run);
          run.add(guardOf({ holds, invalidates, kinds, streams: watched }));
          const touches = watched.includes("*") || watched.includes("stream");
          const side = good ? "pass" : "fail";
          const isVoid =
            !holds && kinds.includes(k) && touches && [side, "both"].includes(invalidates);
          const found = first(run);
          expect(found.verdict).toBe(isVoid ? "inconclusive" : good ? "passed" : "failed");
          if (isVoid) expect(found).toMatchObject({ reason: "noise", n: 300 });
        },
      ),
      { numRuns: 200 },
    );
  });

  test("a breach leaves what was never decided as it was: it does not turn an error into a doubt", () => {
    for (const fate of fates.filter((f) => !["passed", "failed"].includes(meant[f]))) {
      const run = startRun([up]);
      befall(run, "all", fate);
      run.add(guardOf({ invalidates: "both", kinds: ["predicate"] }));
      expect(first(run).verdict, fate).toBe(meant[fate]);
    }
  });

  test("one unwaived breach counts beside any number of waived ones", () => {
    const waived = { owner: "ops", reason: "known", expires: "2026-04-12" };
    const { claim, act } = ratioRun("proportion", true);
    const decide = (breaches: readonly unknown[]): string => {
      const run = startRun([claim]);
      act(run);
      for (const one of breaches) {
        run.add(guardOf({ kinds: ["proportion"], invalidates: "both", waived: one }));
      }
      return first(run).verdict;
    };
    expect(decide([waived, waived])).toBe("passed");
    expect(decide([waived, undefined])).toBe("inconclusive");
    expect(decide([undefined, waived])).toBe("inconclusive");
  });

  test("a guard record nobody can read is an error of every claim, not a guard that held", () => {
    for (const broken of [
      { guard: 7, kinds: [] },
      { holds: "yes", kinds: [] },
      { invalidates: "none", kinds: [] },
      { kinds: ["predicate", "unheard-of"] },
      { kinds: "predicate" },
      { kinds: [], streams: [1] },
    ]) {
      const run = startRun([up]);
      befall(run, "all", "true");
      run.add(guardOf(broken));
      expect(first(run), JSON.stringify(broken)).toMatchObject({
        verdict: "error",
        reason: "evidence",
      });
    }
  });

  test("a breach with a reason that is none of a doubt is said as a control that did not hold", () => {
    const run = startRun([up]);
    befall(run, "all", "true");
    run.add(guardOf({ kinds: ["predicate"], reason: "passed" }));
    expect(first(run)).toMatchObject({ verdict: "inconclusive", reason: "control" });
  });
});
