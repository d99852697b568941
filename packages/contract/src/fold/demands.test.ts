/** What a plan asks beyond its claims can keep a READY back, and never gives one. */
import { describe, expect, test } from "vitest";
import { makeClaim, makeWaiver, sha256, startRun } from "../../test/support.ts";
import type { Claim } from "../claim.ts";
import { readPlan } from "../evidence/read-record.ts";
import { foldVersionOf } from "../fold.ts";
import { planDigest, type RunPlan } from "../plan/run-plan.ts";
import { fold } from "../fold.ts";
import { buildScorecard, useNames } from "../scorecard.ts";

const core = makeClaim({ id: "core", kind: "predicate", category: "Architecture & Design" });
const fast = makeClaim({ id: "fast", kind: "predicate", category: "Performance & Capacity" });
const safe = makeClaim({ id: "safe", kind: "predicate", category: "Security & Compliance" });

function verdictOf(claims: readonly Claim[], over: Partial<RunPlan>, bad: readonly string[] = []) {
  const run = startRun(claims);
  for (const { id } of claims) run.observe(id, !bad.includes(id));
  run.close();
  run.end();
  const plan = { ...run.plan, ...over };
  return fold(plan, run.records, {
    chainHead: "",
    planDigest: planDigest(run.plan, sha256),
    now: "",
  });
}

const gate = (o: object) => ({ id: "g", minScore: 1, minCoverage: 1, ...o });

describe("a declared use", () => {
  test("that is proven leaves READY as it is", () => {
    const document = verdictOf([core, fast, safe], { use: "first production" });
    expect(document).toMatchObject({ outcome: "READY", exitCode: 0, use: { outcome: "READY" } });
    expect("unmet" in document).toBe(false);
  });

  test("whose category the plan promises nothing about keeps READY back", () => {
    const document = verdictOf([core, fast], { use: "first production" });
    expect(document).toMatchObject({
      outcome: "NOT_PROVEN",
      overall_status: "NOT_PROVEN",
      exitCode: 2,
      unmet: ["use first production: The plan promises nothing about Security & Compliance."],
    });
    expect(document.sentence).toMatch(/^Do not sign: .*Security & Compliance\.$/);
  });

  test("of less is met by the same claims", () => {
    const document = verdictOf([core, fast], { use: "development and testing" });
    expect(document.outcome).toBe("READY");
  });

  test("never lifts a refuted run, nor hides why", () => {
    const document = verdictOf([core, fast], { use: "development and testing" }, ["fast"]);
    expect(document).toMatchObject({
      outcome: "NOT_READY",
      exitCode: 1,
      use: { outcome: "READY" },
    });
    expect("unmet" in document).toBe(false);
  });

  test("that keeps a READY back makes no other use unready", () => {
    const { uses } = buildScorecard(verdictOf([core, fast], { use: "first production" }));
    expect(uses.map(({ outcome }) => outcome)).toEqual([
      "READY",
      "NOT_PROVEN",
      "NOT_PROVEN",
      "NOT_PROVEN",
    ]);
  });
});

describe("gates of a plan", () => {
  test("are decided beside the claims", () => {
    const gates = [gate({}), gate({ id: "speed", category: "Performance & Capacity" })];
    const document = verdictOf([core, fast], { gates });
    expect(document.outcome).toBe("READY");
    expect(document.gates?.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual([
      "g passed",
      "speed passed",
    ]);
  });

  test("one without a claim is open, and keeps READY back by its name", () => {
    const document = verdictOf([core], { gates: [gate({ category: "Disaster Recovery" })] });
    expect(document.outcome).toBe("NOT_PROVEN");
    expect(document.unmet).toEqual(["gate g is not_tested: The plan has no claim for this gate."]);
  });

  test("one that a waived claim leaves open says that not all is proven", () => {
    const waivers = [makeWaiver({ claim: "fast", covers: "failed" })];
    const document = verdictOf([core, fast], { gates: [gate({})], waivers }, ["fast"]);
    expect(document).toMatchObject({ outcome: "NOT_PROVEN", counts: { waived: 1 } });
    expect(document.sentence).toMatch(/^Do not sign: every required claim is proven or accepted, /);
    const bare = verdictOf([core], { gates: [gate({ category: "Disaster Recovery" })] });
    expect(bare.sentence).toMatch(/^Do not sign: every required claim is proven, /);
  });

  test("one that passes lifts no undecided run", () => {
    const document = verdictOf([core, fast], { gates: [gate({ claims: ["core"] })] }, ["fast"]);
    expect(document.outcome).toBe("NOT_READY");
    expect(document.gates?.[0]?.verdict).toBe("passed");
  });
});

describe("a stored plan", () => {
  const { plan } = startRun([core]);

  test.each(useNames)("with the use %s is read, and is of fold 4", (use) => {
    expect(readPlan({ ...plan, use })).not.toBeNull();
    expect(foldVersionOf({ ...plan, use })).toBe("4");
  });

  test("without either keeps the fold it had, and its document no key", () => {
    expect(foldVersionOf(plan)).toBe("2");
    const document = verdictOf([core], {});
    expect(["use", "gates", "unmet"].filter((key) => key in document)).toEqual([]);
  });

  test.each([
    { use: "anything" },
    { use: 7 },
    { gates: [] },
    { gates: {} },
    { gates: [{ id: "g", minScore: 95 }] },
    { gates: [gate({ minScore: "95 %" })] },
    { gates: [gate({ more: 1 })] },
  ])("with %j is no plan", (over) => {
    expect(readPlan({ ...plan, ...over })).toBeNull();
  });
});
