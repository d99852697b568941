/** Which build a verdict is about: from the evidence alone, and what is not what it was. */
import { describe, expect, test } from "vitest";
import { makeClaim, startRun } from "../test/support.ts";
import { diffRuns } from "./diff.ts";
import { identityChanges, identityValueMax } from "./identity.ts";

const up = makeClaim({ id: "up", kind: "predicate" });

type Note = Readonly<Record<string, unknown>>;
const measured = "measured" as const;

function runOf(...notes: readonly Note[]) {
  const run = startRun([up]);
  for (const { provenance = measured, ...identity } of notes) {
    const as = provenance as "measured" | "declared" | "derived";
    run.add({ kind: "note", provenance: as, data: { identity } });
  }
  run.observe("up", true);
  run.close();
  run.end();
  return run;
}

const told = (facts: unknown, target: unknown = "eu") => ({ target, facts });

describe("a verdict", () => {
  test("says what its target told, and apart from it what the plan declares", () => {
    const run = runOf(told({ version: "1.2.0", commit: "abc" }), {
      ...told({ image: "sha256:0f" }),
      provenance: "declared",
    });
    const { identity, foldVersion, outcome } = run.fold();
    expect(
      identity?.map(({ target, fact, value, provenance }) => [target, fact, value, provenance]),
    ).toEqual([
      ["eu", "version", "1.2.0", "measured"],
      ["eu", "commit", "abc", "measured"],
      ["eu", "image", "sha256:0f", "declared"],
    ]);
    expect([foldVersion, outcome]).toEqual(["4", "READY"]);
  });

  test("without such a note has no such key, and is of the fold it was of", () => {
    const document = runOf().fold();
    expect("identity" in document).toBe(false);
    expect(document.foldVersion).toBe("2");
  });

  test.each([
    told({ colour: "red" }),
    told({ commit: 7 }),
    told({ commit: "" }),
    told("abc"),
    told({ commit: "abc" }, 7),
    { ...told({ commit: "abc" }), provenance: "derived" },
  ])("takes nothing from %j", (note) => {
    expect("identity" in runOf(note).fold()).toBe(false);
  });

  test("cuts a value that is no name, and keeps equal ones once", () => {
    const long = "x".repeat(identityValueMax + 1);
    const { identity = [] } = runOf(told({ server: long }), told({ server: long })).fold();
    expect(identity.map(({ value }) => value.length)).toEqual([identityValueMax]);
  });

  test("says so when the target became another build during the run", () => {
    const { limits } = runOf(told({ commit: "a" }), told({ commit: "b" })).fold();
    expect(limits).toContain("That eu is one build: in this run its commit was a, is b.");
    const same = runOf(told({ commit: "a" }), told({ commit: "a" })).fold();
    expect(same.limits.filter((limit) => limit.includes("one build"))).toEqual([]);
  });
});

describe("between two runs", () => {
  const facts = (...rows: readonly (readonly [string, string, string])[]) =>
    rows.map(([target, fact, value]) => ({
      target,
      fact: fact as "commit",
      value,
      provenance: measured,
    }));

  test("each fact that is another is listed, new ones are not", () => {
    const before = facts(["eu", "commit", "a"], ["eu", "version", "1"], ["us", "commit", "c"]);
    const after = facts(["eu", "commit", "b"], ["eu", "version", "1"], ["eu", "server", "x"]);
    expect(identityChanges(before, after)).toEqual([
      { target: "eu", fact: "commit", from: "a", to: "b" },
      { target: "us", fact: "commit", from: "c", to: null },
    ]);
    expect(identityChanges(before, before)).toEqual([]);
    expect(identityChanges(undefined, after)).toEqual([]);
  });

  test("what the target tells goes before what a plan declares", () => {
    const [one] = facts(["eu", "commit", "a"]);
    if (!one) throw new Error("no fact");
    const declared = { ...one, value: "b", provenance: "declared" as const };
    expect(identityChanges([one], [one, declared])).toEqual([]);
    expect(identityChanges([one], [declared])).toHaveLength(1);
  });

  test("diff lists it, and joins the claims all the same", () => {
    const [a, b] = [runOf(told({ commit: "a" })), runOf(told({ commit: "b" }))];
    const side = (run: typeof a) => ({ plan: run.plan, records: run.records, verdict: run.fold() });
    const diff = diffRuns(side(a), side(b));
    expect(diff.identity).toEqual([{ target: "eu", fact: "commit", from: "a", to: "b" }]);
    expect(diff.claims[0]?.broken).toEqual([]);
  });
});
