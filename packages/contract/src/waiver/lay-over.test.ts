import { describe, expect, test } from "vitest";
import { makeClaim, makeWaiver, sha256, startRun, type TestRun } from "../../test/support.ts";
import { fold } from "../fold.ts";
import { planDigest, type RunPlan } from "../plan/run-plan.ts";
import type { VerdictDocument } from "../report-model.ts";
import { describeWaivers, waiverText } from "./lay-over.ts";
import type { NotApplicable, Waiver } from "./waiver.ts";

const waiver = makeWaiver({ claim: "b", covers: "failed" });

function makeRun(ids: readonly string[], closed = true): TestRun {
  const run = startRun(ids.map((id) => makeClaim({ id, kind: "predicate" })));
  run.observe("a", true);
  if (closed) run.close();
  return run;
}

function foldWith(run: TestRun, over: Partial<RunPlan>): VerdictDocument {
  const plan = { ...run.plan, ...over };
  const options = { chainHead: "", planDigest: planDigest(run.plan, sha256), now: "" };
  return fold(plan, run.records, options);
}

function failing(): TestRun {
  const run = makeRun(["a", "b"], false);
  run.observe("b", false);
  run.close();
  run.end();
  return run;
}

describe("waivers over verdicts", () => {
  test("a waived failure stays visible and the rest may be READY [R4-39]", () => {
    const verdict = foldWith(failing(), { waivers: [waiver] });
    expect(verdict.outcome).toBe("READY");
    const claim = verdict.claims.find(({ id }) => id === "b");
    expect(claim).toMatchObject({ verdict: "failed", reason: "false", disposition: "waived" });
    expect(verdict.counts).toMatchObject({ passed: 1, failed: 1, waived: 1, required: 2 });
    expect(verdict.sentence).toContain("1 waived, next expiry 2026-05-01");
    expect(verdict.waivers?.nextExpiry).toBe("2026-05-01");
  });

  test.each<[string, Partial<Waiver>, string]>([
    ["another target", { target: "other" }, "other_target"],
    ["an expiry before the run", { created: "2026-03-01", expires: "2026-04-11" }, "expired"],
    ["a begin after the run", { created: "2026-04-13" }, "not_yet"],
    ["a better verdict covered", { covers: "inconclusive" }, "worse"],
    ["a broken rule", { approvedBy: "R. Owner" }, "invalid"],
    ["an unknown claim", { claim: "c" }, "no_claim"],
    ["a claim that passed", { claim: "a" }, "not_needed"],
  ])("a waiver with %s is ignored and listed", (_, change, why) => {
    const verdict = foldWith(failing(), { waivers: [{ ...waiver, ...change }] });
    expect(verdict.outcome).toBe("NOT_READY");
    expect(verdict.claims.some(({ disposition }) => disposition !== undefined)).toBe(false);
    expect(verdict.waivers?.ignored.map((one) => one.why)).toEqual([why]);
    expect(describeWaivers(verdict.waivers).join("\n")).toContain(why);
  });

  test.each<[string, string, boolean]>([
    ["probe.eu.http.alive", "eu", true],
    ["probe.eu.http.alive", "http://eu.example/v1", true],
    ["load.eu.chat.errors", "eu", true],
    ["probe.eu.http.alive", "eu, us", true],
    ["probe.eu.http.alive", "us, eu", true],
    ["probe.eu.http.alive", "us", false],
    ["probe.eu.http.alive", "http://us.example/v1", false],
    ["stack.db.up", "eu", false],
    ["stack.eu.up", "eu", false],
    ["stack.db.up", "us, eu", true],
    ["stack.db.up", "http://us.example/v1 http://eu.example/v1", true],
    ["stack.db.up", "eu, us, ap", false],
    ["probe.ap.http.alive", "ap", false],
  ])("among several targets a claim on %s is waived for %j: %s", (of, target, holds) => {
    const targets = { eu: { url: "http://eu.example/v1" }, us: { url: "http://us.example/v1" } };
    const named = { name: "eu, us", baseUrl: "http://eu.example/v1 http://us.example/v1" };
    const run = startRun([makeClaim({ id: "b", kind: "predicate", of })]);
    run.end();
    const over = { waivers: [{ ...waiver, target }], stages: { targets }, target: named };
    const verdict = foldWith(run, over);
    const why = verdict.waivers?.ignored.map((one) => one.why);
    expect(why).toEqual(holds ? [] : ["other_target"]);
    // What the folds before say, too, keeps its version.
    expect(verdict.foldVersion).toBe(holds && target !== named.name ? "4" : "2");
  });

  test("the last day counts, the day after does not", () => {
    const day = (expires: string): string =>
      foldWith(failing(), { waivers: [{ ...waiver, expires }] }).outcome;
    expect(day("2026-04-12")).toBe("READY");
    expect(day("2026-04-11")).toBe("NOT_READY");
  });

  test("more waivers than the plan allows are no READY", () => {
    const verdict = foldWith(failing(), { waivers: [waiver], maxWaived: 0 });
    expect(verdict.outcome).toBe("NOT_PROVEN");
    expect(verdict.sentence).toContain("at most 0 may be");
  });

  test("a run in which everything is waived proves nothing", () => {
    const run = startRun([makeClaim({ id: "b", kind: "predicate" })]);
    run.observe("b", false);
    run.close();
    run.end();
    expect(foldWith(run, { waivers: [waiver] }).outcome).toBe("NOT_PROVEN");
  });

  test("an error of the check is never waived", () => {
    const run = makeRun(["a", "b"]);
    const data = { reason: "crashed", sentence: "The check broke." };
    run.add({ kind: "check.error", claims: ["b"], data });
    run.end();
    const verdict = foldWith(run, { waivers: [waiver] });
    expect(verdict.outcome).toBe("NOT_PROVEN");
    expect(verdict.waivers?.ignored[0]?.why).toBe("worse");
  });

  test("an interrupted run is not READY by waivers", () => {
    const run = failing();
    run.records.pop();
    expect(foldWith(run, { waivers: [waiver] }).outcome).toBe("NOT_PROVEN");
  });

  test("anything under a known key of a stored plan is ignored, never a crash", () => {
    for (const waivers of ["x", [null], [{}], 3] as unknown as (readonly Waiver[])[]) {
      expect(foldWith(failing(), { waivers }).outcome).toBe("NOT_READY");
    }
  });

  test("without entries the document has no word about waivers", () => {
    expect(foldWith(failing(), {})).not.toHaveProperty("waivers");
    expect(foldWith(failing(), { waivers: [] })).not.toHaveProperty("waivers");
  });
});

describe("not applicable", () => {
  const entry: NotApplicable = {
    claim: "b",
    feature: "embeddings",
    justification: "This target serves chat and nothing else.",
    approvedBy: "A. Approver",
  };

  test("counts only beside an observation that the target lacks the feature", () => {
    const run = makeRun(["a", "b"], false);
    const data = { part: "all", reason: "capability_missing", sentence: "No such route." };
    run.add({ kind: "skip", claims: ["b"], data });
    run.close();
    run.end();
    const verdict = foldWith(run, { notApplicable: [entry] });
    expect(verdict.outcome).toBe("READY");
    expect(verdict.counts).toMatchObject({ not_applicable: 1, required: 2 });
    expect(verdict.coverage).toBe(1);
    expect(waiverText(verdict.waivers)).toBe("1 not applicable");
  });

  test("without the observation it is ignored, and a target that answers contradicts it", () => {
    const silent = makeRun(["a", "b"]);
    silent.end();
    const unseen = foldWith(silent, { notApplicable: [entry] });
    expect(unseen.outcome).toBe("NOT_PROVEN");
    expect(unseen.waivers?.ignored[0]?.why).toBe("no_observation");
    const answered = foldWith(failing(), { notApplicable: [entry] });
    expect(answered.outcome).toBe("NOT_READY");
    expect(answered.waivers?.ignored[0]?.why).toBe("contradicted");
  });
});

test("on the day of reading an expired waiver is named on its own line", () => {
  const { waivers } = foldWith(failing(), { waivers: [waiver] });
  expect(describeWaivers(waivers, "2026-05-01")[1]).toBe("today 2026-05-01: all still hold");
  expect(describeWaivers(waivers, "2026-05-02")[1]).toContain("expired since: b (2026-05-01)");
});

test("what holds at the run's time is said with its next expiry, and nothing is said of a run without waivers", () => {
  const { waivers } = foldWith(failing(), { waivers: [waiver] });
  expect(describeWaivers(waivers)).toEqual(["at the run: 1 waived, next expiry 2026-05-01"]);
  const late = foldWith(failing(), { waivers: [{ ...waiver, expires: "2026-04-11" }] }).waivers;
  expect(describeWaivers(late)).toEqual([
    "at the run: none holds",
    "ignored b: expired. It expired 2026-04-11.",
  ]);
  // Of none that held there is none that still does, on any day.
  expect(describeWaivers(late, "2026-04-10")).toEqual(describeWaivers(late));
  expect(describeWaivers(undefined, "2026-05-01")).toEqual([]);
});
