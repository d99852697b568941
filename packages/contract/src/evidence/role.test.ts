/** Who may be believed: the fold refuses a record of the wrong role, and verify names it. */
import { describe, expect, test } from "vitest";
import {
  encode,
  judge,
  makeClaim,
  sealBundle,
  sha256,
  short,
  startRun,
  type TestRun,
} from "../../test/support.ts";
import { planFileText } from "../plan/run-plan.ts";
import type { VerdictDocument } from "../report-model.ts";
import { canonicalJson } from "./canonical-json.ts";
import { recordLine } from "./chain.ts";
import type { Provenance } from "./record.ts";
import { findRoleProblem, isRecovery, observerRoles, roleProblem } from "./role.ts";
import { verifyBundle } from "./verify.ts";

const up = makeClaim({ id: "up", kind: "predicate" });
const kill = makeClaim({ id: "kill", kind: "trials", of: "chaos.kill", target: 0.5 });
const by = (id: string) => ({ by: { id, version: "1", digest: "" } });
const record = (id: string, provenance: Provenance = "measured") => ({ ...by(id), provenance });

describe("roles", () => {
  test.each(observerRoles)("%s asks the target itself, so it may say what it saw", (role) => {
    expect(roleProblem(record(`${role}.chat`), up)).toBeNull();
    expect(roleProblem(record(role), up)).toBeNull();
  });

  test.each(["injector.kill", "unit.breaker", "run", "", "probes.chat", "Probe.chat"])(
    "%j does not, so it supports nothing",
    (id) => {
      expect(roleProblem(record(id), up)).toMatch(/^LL_EVIDENCE_ROLE: .*sockets/);
    },
  );

  test("what is imported, declared or derived is refused for what it is, not for who says it", () => {
    for (const provenance of ["imported", "declared", "derived"] as const) {
      expect(roleProblem(record("k6", provenance), up)).toBeNull();
    }
  });

  test("the selftest speaks of checks, and of nothing else", () => {
    const check = makeClaim({ id: "check", kind: "predicate", of: "selftest.openai.chat" });
    expect(roleProblem(record("selftest.openai.chat"), check)).toBeNull();
    expect(roleProblem(record("selftest.openai.chat"), up)).toMatch(/^LL_EVIDENCE_ROLE/);
  });

  test("only the prober's own measurement says when something recovered", () => {
    expect(roleProblem(record("prober.chat"), kill)).toBeNull();
    for (const id of ["injector.kill", "load.chat", "drill.orders", "chaos"]) {
      expect(roleProblem(record(id), kill)).toMatch(/^LL_EVIDENCE_ROLE: .*prober/);
    }
    // The target's own events of its healing are imported.
    expect(roleProblem(record("prober.chat", "imported"), kill)).toMatch(/^LL_EVIDENCE_ROLE/);
  });

  test.each([
    ["bound", "chaos.recovery", true],
    ["trials", "chaos.upstream_kill", true],
    ["time_availability", "chaos.partition", true],
    ["bound", "drill.rto", true],
    ["bound", "drill.orders.recovery", true],
    ["bound", "drill.rpo", false],
    ["zero_loss", "drill.orders.loss", false],
    ["predicate", "chaos.residue", false],
    ["bound", "load.chat.recovery", false],
  ] as const)("a %s on %s tells a recovery: %s", (kind, of, expected) => {
    expect(isRecovery({ kind, of })).toBe(expected);
  });
});

function bundleOf(run: TestRun, verdict: VerdictDocument): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>([
    ["evidence.jsonl", encode(run.records.map(recordLine).join(""))],
    ["plan.json", encode(planFileText(run.plan))],
    ["verdict.json", encode(`${canonicalJson(verdict)}\n`)],
  ]);
  sealBundle(files, run);
  return files;
}

describe("in a run", () => {
  const data = { stream: "stream", part: "all", ok: true, seen: "it opened" };

  test("a wrong role is an error beside good evidence, and takes no failure back", () => {
    const beside = (ok: boolean) =>
      judge(up, (run) => {
        run.observe("up", ok);
        run.add({ kind: "observation", claims: ["up"], data, ...by("unit.breaker") });
        run.close();
      });
    expect(short(beside(true))).toBe("error evidence");
    expect(beside(true).sentence).toContain("LL_EVIDENCE_ROLE: unit.breaker");
    expect(short(beside(false))).toBe("failed false");
  });

  test("the first record of a wrong role is found, one of another stream is not its claim's", () => {
    const run = startRun([up]);
    run.add({ kind: "observation", claims: ["up"], data: { ...data, stream: "x" }, ...by("unit") });
    expect(findRoleProblem([up], run.records)).toBeNull();
    const { seq } = run.add({ kind: "observation", claims: ["up"], data, ...by("unit") });
    expect(findRoleProblem([up], run.records)).toMatchObject({ seq });
  });

  test("an injector that says its fault took effect is found, a canary that says it is not", () => {
    const recovery = makeClaim({ id: "back", kind: "bound", of: "chaos.recovery", limit: 10 });
    const effectOf = (id: string) => {
      const run = startRun([recovery]);
      const seen = { stream: recovery.of, part: "all", seen: true };
      run.add({ kind: "fault.effect", claims: ["back"], data: seen, ...by(id) });
      return findRoleProblem([recovery], run.records);
    };
    expect(effectOf("injector.kill")?.sentence).toContain("injector.kill");
    expect(effectOf("probe.canary")).toBeNull();
  });

  test("verify names the record behind a verdict that counted it", async () => {
    const run = startRun([up]);
    const { seq } = run.add({ kind: "observation", claims: ["up"], data, ...by("unit.breaker") });
    run.close();
    run.end();
    const honest = run.fold();
    const [claim] = honest.claims;
    if (!claim) throw new Error("no claim");
    const claims = [{ ...claim, verdict: "passed" as const }];
    const believed = { ...honest, outcome: "READY" as const, claims };
    const steps = async (verdict: VerdictDocument) =>
      (await verifyBundle(bundleOf(run, verdict), { digest: sha256 })).steps;
    expect(await steps(believed)).toContainEqual(
      expect.objectContaining({
        code: "LL_EVIDENCE_ROLE",
        message: expect.stringContaining(`Record ${seq}: LL_EVIDENCE_ROLE: unit.breaker`),
      }),
    );
    expect((await steps(honest)).every(({ ok }) => ok !== false)).toBe(true);
  });
});
