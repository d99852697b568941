/** Attempts to make a run READY by accepting what nobody may accept. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeClaim, makeWaiver, sha256, startRun, type TestRun } from "../../test/support.ts";
import { fold } from "../fold.ts";
import { planDigest, type RunPlan } from "../plan/run-plan.ts";
import type { VerdictDocument } from "../report-model.ts";
import type { NotApplicable, Waiver } from "./waiver.ts";

function foldWith(run: TestRun, over: Partial<RunPlan>): VerdictDocument {
  const digest = planDigest(run.plan, sha256);
  return fold({ ...run.plan, ...over }, run.records, {
    chainHead: "",
    planDigest: digest,
    now: "",
  });
}

/** What becomes of one part of a claim. */
const fates = [
  "passed",
  "failed",
  "error",
  "lacking",
  "no_route",
  "tool",
  "skipped",
  "nothing",
] as const;
type Fate = (typeof fates)[number];

function befall(run: TestRun, claim: string, part: string, fate: Fate): void {
  const at = { stream: claim, part };
  const note = (kind: "skip" | "check.error", reason: string): void =>
    void run.add({ kind, claims: [claim], data: { ...at, reason, sentence: "So." } });
  if (fate === "passed" || fate === "failed") {
    const data = { ...at, ok: fate === "passed", seen: "" };
    run.add({ kind: "observation", claims: [claim], data });
  }
  if (fate === "error") note("check.error", "crashed");
  if (fate === "no_route") note("check.error", "probe_contract");
  if (fate === "lacking") note("skip", "capability_missing");
  if (fate === "tool") note("skip", "tool_missing");
  if (fate === "skipped") note("skip", "skipped");
  if (fate !== "nothing") run.add({ kind: "sample.closed", claims: [claim], data: at });
}

const verdictOf: Readonly<Record<Fate, string>> = {
  passed: "passed",
  failed: "failed",
  error: "error",
  no_route: "error",
  lacking: "not_tested",
  tool: "not_tested",
  skipped: "not_tested",
  nothing: "not_tested",
};
const order = ["failed", "error", "inconclusive", "not_tested", "passed"];
const parts = ["p", "q"] as const;

/** One claim that is proven and one that is not, with two parts. */
function runOf(first: Fate, second: Fate): TestRun {
  const run = startRun([
    { ...makeClaim({ id: "good", kind: "predicate" }), of: "good" },
    { ...makeClaim({ id: "open", kind: "predicate", parts }), of: "open" },
  ]);
  befall(run, "good", "all", "passed");
  befall(run, "open", "p", first);
  befall(run, "open", "q", second);
  run.end();
  return run;
}

const fate = fc.constantFrom(...fates);
const whole = makeWaiver({ claim: "open", covers: "failed" });

/** Each field as it may be, and as nobody may write it; the run is of 2026-04-12. */
const good: { readonly [K in keyof Waiver]: readonly Waiver[K][] } = {
  claim: ["open"],
  covers: ["failed"],
  reason: [whole.reason],
  owner: ["R. Owner"],
  approvedBy: ["A. Approver"],
  created: ["2026-04-01", "2026-04-12", "2026-02-01"],
  expires: ["2026-04-12", "2026-05-01"],
  target: ["simulator", "http://127.0.0.1:9/v1"],
  link: ["OPS-12"],
};
const bad: Readonly<Record<keyof Waiver, readonly unknown[]>> = {
  claim: ["good", "openx", "open.p", "", "OPEN", 7],
  covers: ["passed", "error", "", null],
  reason: ["too short", "                              ", "", 1],
  owner: ["", " ", "A. Approver", "a. approver ", null],
  approvedBy: ["", "R. Owner", " r. OWNER", undefined],
  created: ["2026-04-13", "2026-04-31", "12.04.2026", "2025-01-01", "", 20_260_401],
  expires: ["2026-04-11", "2026-12-31", "2026-13-01", "never", "9999-12-31", ""],
  target: ["other", "SIMULATOR", "http://127.0.0.1:9", "*", ""],
  link: ["", " ", undefined],
};
const names = Object.keys(bad).filter((key): key is keyof Waiver => key in good);

const goodWaiver = fc.record(
  Object.fromEntries(names.map((key) => [key, fc.constantFrom<unknown>(...good[key])])),
);

describe("waivers", () => {
  test("one field out of order and the waiver accepts nothing", () => {
    const spoil = fc
      .constantFrom(...names)
      .chain((key) => fc.constantFrom(...bad[key]).map((value) => ({ key, value })));
    fc.assert(
      fc.property(goodWaiver, spoil, (waiver, { key, value }) => {
        const spoiled = { ...waiver, [key]: value } as unknown as Waiver;
        const document = foldWith(runOf("failed", "passed"), { waivers: [spoiled] });
        expect(document.outcome).toBe("NOT_READY");
        expect(document.claims.some((one) => one.disposition !== undefined)).toBe(false);
        expect(document.waivers?.applied).toEqual([]);
        expect(document.waivers?.ignored).toHaveLength(1);
      }),
      { numRuns: 150 },
    );
  });

  test("a waiver in order accepts what it covers and no worse, and no part that broke", () => {
    const covers = fc.constantFrom<Waiver["covers"]>("failed", "inconclusive", "not_tested");
    fc.assert(
      fc.property(goodWaiver, covers, fate, fate, (given, covered, first, second) => {
        const waiver = { ...given, covers: covered } as unknown as Waiver;
        // 2026-02-01 to 2026-05-01 is 89 days; every pair above is one of at most 90.
        const document = foldWith(runOf(first, second), { waivers: [waiver] });
        const seen = [verdictOf[first], verdictOf[second]];
        const worst = order.find((verdict) => seen.includes(verdict)) ?? "";
        const mayBe = worst !== "passed" && !seen.includes("error");
        const isAccepted = mayBe && order.indexOf(worst) >= order.indexOf(covered);
        const found = document.claims.find(({ id }) => id === "open");
        expect(found?.verdict).toBe(worst);
        expect(found?.disposition).toBe(isAccepted ? "waived" : undefined);
        const isReady = isAccepted || worst === "passed";
        expect(document.outcome === "READY").toBe(isReady);
        expect(document.counts.waived).toBe(isAccepted ? 1 : 0);
      }),
      { numRuns: 150 },
    );
  });

  test("two waivers accept no more than one, and none accepts the class of integrity", () => {
    const run = startRun([
      { ...makeClaim({ id: "good", kind: "predicate" }), of: "good" },
      { ...makeClaim({ id: "verify.chain", kind: "predicate" }), of: "verify.chain" },
      { ...makeClaim({ id: "plain", kind: "predicate" }), of: "selftest.guard" },
    ]);
    befall(run, "good", "all", "passed");
    run.end();
    const waivers = ["verify.chain", "plain"].flatMap((claim) => [
      { ...whole, claim },
      { ...whole, claim },
    ]);
    const document = foldWith(run, { waivers });
    expect(document.outcome).toBe("NOT_PROVEN");
    expect(document.waivers?.applied).toEqual([]);
    const twice = foldWith(runOf("failed", "passed"), { waivers: [whole, whole], maxWaived: 1 });
    expect([twice.outcome, twice.counts.waived]).toEqual(["READY", 1]);
  });

  test("a run that does not say when it was is under no waiver", () => {
    const run = runOf("failed", "passed");
    for (const at of ["", "yesterday", "2026-04-31T00:00:00.000Z", "0"]) {
      const records = run.records.map((record) => ({ ...record, at }));
      const document = fold({ ...run.plan, waivers: [whole] }, records, {
        chainHead: "",
        planDigest: planDigest(run.plan, sha256),
        now: "2026-04-12T00:00:00.000Z",
      });
      expect(document.outcome, at).toBe("NOT_READY");
    }
  });
});

describe("not applicable", () => {
  const entry: NotApplicable = {
    claim: "open",
    feature: "embeddings",
    justification: "This target serves chat and nothing else.",
    approvedBy: "A. Approver",
  };
  const lacks = (one: Fate): boolean => one === "lacking" || one === "no_route";

  test("only what was found lacking in every part is not applicable, whatever else was seen", () => {
    fc.assert(
      fc.property(fate, fate, (first, second) => {
        const document = foldWith(runOf(first, second), { notApplicable: [entry] });
        const isAbsent = lacks(first) && lacks(second);
        const found = document.claims.find(({ id }) => id === "open");
        expect(found?.disposition).toBe(isAbsent ? "not_applicable" : undefined);
        const isProven = first === "passed" && second === "passed";
        expect(document.outcome === "READY").toBe(isAbsent || isProven);
      }),
      { numRuns: 100 },
    );
  });

  test("an entry with a field out of order is ignored", () => {
    const spoils: readonly Partial<Record<keyof NotApplicable, unknown>>[] = [
      { claim: "good" },
      { claim: "" },
      { feature: "" },
      { justification: "too short" },
      { approvedBy: " " },
    ];
    for (const spoil of spoils) {
      const spoiled = { ...entry, ...spoil } as unknown as NotApplicable;
      const document = foldWith(runOf("lacking", "lacking"), { notApplicable: [spoiled] });
      expect(document.outcome, JSON.stringify(spoil)).toBe("NOT_PROVEN");
    }
  });
});
