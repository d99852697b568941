import { decideGates, projections, verdictOrder } from "@loadline/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson } from "@loadline/kit/json";
import { isRecord } from "../probes/shapes.ts";
import { checkCtrf, checkJunit, checkSarif, checkStatement } from "./formats.fixture.ts";
import { makeModel, modelOf, render, whole } from "./model.fixture.ts";
import { planPlaces } from "./plan-lines.ts";
import { textReporters } from "./table.ts";

function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inside, key) => {
    if (Array.isArray(inside)) return inside[Number(key)];
    return isRecord(inside) ? inside[key] : undefined;
  }, value);
}

const verdicts = fc.constantFrom(...verdictOrder);
const dispositions = fc.constantFrom(undefined, "waived" as const, "not_applicable" as const);
const hostile = fc.string({ unit: "binary", maxLength: 40 });
const anyClaim = fc
  .record({ verdict: verdicts, disposition: dispositions, sentence: hostile, statement: hostile })
  .map(({ verdict, disposition, ...text }, index = 0) => {
    // A waiver over a proven claim has no effect, so no document holds one.
    const over = verdict === "passed" || disposition === undefined ? {} : { disposition };
    return { id: `c${index}`, verdict, ...text, ...over };
  });

describe("outputs never soften", () => {
  test("only passed is a success in any format of the table [R3-40]", () => {
    for (const [verdict, row] of Object.entries(projections)) {
      const isPassed = verdict === "passed";
      expect(row.junit === "none", verdict).toBe(isPassed);
      expect(row.ctrf === "passed", verdict).toBe(isPassed);
      expect(row.sarif.kind === "pass", verdict).toBe(isPassed);
      expect(row.testResult === "passedTests", verdict).toBe(isPassed);
      expect(row.svr, verdict).toBe(isPassed);
      expect(row.checkRun === "success", verdict).toBe(isPassed);
    }
  });

  test("every verdict that is not passed is no success through every renderer", () => {
    fc.assert(
      fc.property(anyClaim, (claim) => {
        const model = modelOf([claim]);
        const isPassed = claim.verdict === "passed";
        const junit = render(model, "junit");
        expect(/<testcase [^>]*\/>/.test(junit)).toBe(isPassed);
        const ctrf = parseJson(render(model, "ctrf"));
        expect(at(ctrf, "results", "tests", 0, "status") === "passed").toBe(isPassed);
        expect(at(ctrf, "results", "summary", "passed")).toBe(isPassed ? 1 : 0);
        const sarif = parseJson(render(model, "sarif"));
        expect(at(sarif, "runs", 0, "results", 0, "kind") === "pass").toBe(isPassed);
        const [ready, result, summary] = render(model, "intoto").split("\n").map(parseJson);
        expect(at(ready, "predicate", "claims", 0, "verdict")).toBe(claim.verdict);
        expect(at(result, "predicate", "passedTests", 0) === claim.id).toBe(isPassed);
        expect(at(result, "predicate", "result")).not.toBe("PASSED");
        expect(at(summary, "predicate", "properties", 0)).toBe(
          isPassed ? `LOADLINE_PASSED_${claim.id}` : undefined,
        );
      }),
    );
  });

  test("the file for a code host holds what is open and nothing else", () => {
    for (const verdict of verdictOrder) {
      const sarif = parseJson(render(modelOf([{ verdict }]), "sarif-github"));
      const results = at(sarif, "runs", 0, "results");
      expect(Array.isArray(results) ? results.length : -1).toBe(verdict === "passed" ? 0 : 1);
      const level = verdict === "failed" ? "error" : "warning";
      if (verdict !== "passed") expect(at(results, 0, "level")).toBe(level);
    }
    const waived = parseJson(
      render(modelOf([{ verdict: "failed", disposition: "waived" }]), "sarif-github"),
    );
    expect(at(waived, "runs", 0, "results")).toEqual([]);
  });

  test("what broke in our own check is a notification, and the run is no success", () => {
    const sarif = parseJson(render(modelOf([{ verdict: "error", reason: "crashed" }]), "sarif"));
    expect(at(sarif, "runs", 0, "results")).toEqual([]);
    expect(at(sarif, "runs", 0, "invocations", 0, "executionSuccessful")).toBe(false);
    expect(at(sarif, "runs", 0, "invocations", 0, "toolExecutionNotifications", 0, "level")).toBe(
      "error",
    );
  });
});

describe("a READY that a gate or a use keeps back", () => {
  const recovery = { category: "Disaster Recovery", minScore: 1, minCoverage: 1 };
  const gates = [
    { id: "live", minScore: 1, minCoverage: 1 },
    { id: "restore", ...recovery },
  ];
  const kept = makeModel("done", { gates, use: "ML training" });
  const names = ["http.up", "use.ml_training", "gate.live", "gate.restore"];

  test("is named by a row of every format, as no success", () => {
    expect(kept.verdict.outcome).toBe("NOT_PROVEN");
    expect(kept.verdict.claims.map(({ verdict }) => verdict)).toEqual(["passed"]);
    const junit = render(kept, "junit");
    for (const id of ["use.ml_training", "gate.restore"])
      expect(junit).toMatch(new RegExp(`name="${id}">\\s*<error [^>]*type="not-tested"/>`));
    expect(junit).toContain('<testcase classname="Gates" name="gate.live"/>');
    expect(junit).toContain('<testsuites name="loadline NOT_PROVEN" tests="4" failures="0"');
    const ctrf = parseJson(render(kept, "ctrf"));
    const tests = [0, 1, 2, 3].map((index) => at(ctrf, "results", "tests", index));
    expect(tests.map((one) => at(one, "name"))).toEqual(names);
    const words = tests.map((one) => at(one, "status"));
    expect(words).toEqual(["passed", "pending", "passed", "pending"]);
    expect(at(ctrf, "results", "summary")).toMatchObject({ tests: 4, passed: 2, pending: 2 });
    const open = parseJson(render(kept, "sarif-github"));
    const ids = [0, 1, 2].map((index) => at(open, "runs", 0, "results", index, "ruleId"));
    expect(ids).toEqual(["use.ml_training", "gate.restore", undefined]);
    const whole = parseJson(render(kept, "sarif"));
    expect(at(whole, "runs", 0, "results", 3, "kind")).toBe("open");
    const result = parseJson(render(kept, "intoto").split("\n")[1] ?? "");
    expect(at(result, "predicate")).toMatchObject({
      result: "FAILED",
      passedTests: ["http.up", "gate.live"],
      failedTests: ["use.ml_training", "gate.restore"],
    });
  });

  test("keeps the shape of each format", () => {
    expect(checkJunit(render(kept, "junit"))).toEqual([]);
    expect(checkCtrf(parseJson(render(kept, "ctrf")))).toEqual([]);
    for (const id of ["sarif", "sarif-github"])
      expect(checkSarif(parseJson(render(kept, id))), id).toEqual([]);
  });

  test("and that its claims refute is a failure", () => {
    const none = [{ id: "all", claims: ["http.up"], minScore: 1, minCoverage: 1 }];
    const [base] = whole.verdict.claims;
    if (base === undefined) throw new Error("the model has a claim");
    const refuted = { ...whole.verdict, claims: [{ ...base, verdict: "failed" as const }] };
    const verdict = { ...refuted, gates: decideGates(none, refuted) };
    const junit = render({ ...whole, verdict }, "junit");
    expect(junit).toMatch(/name="gate\.all">\s*<failure message="at least 100 % of the required/);
  });
});

describe("each format keeps its published shape", () => {
  test("any claims with any text give documents without a problem", () => {
    fc.assert(
      fc.property(fc.array(anyClaim, { maxLength: 6 }), (claims) => {
        const model = modelOf(claims.map((claim, index) => ({ ...claim, id: `c${index}` })));
        expect(checkSarif(parseJson(render(model, "sarif")))).toEqual([]);
        expect(checkSarif(parseJson(render(model, "sarif-github")))).toEqual([]);
        expect(checkCtrf(parseJson(render(model, "ctrf")))).toEqual([]);
        expect(checkJunit(render(model, "junit"))).toEqual([]);
        const lines = render(model, "intoto").trimEnd().split("\n");
        expect(lines).toHaveLength(3);
        expect(lines.flatMap((line) => checkStatement(parseJson(line)))).toEqual([]);
      }),
    );
  });

  test("equal bundle, equal bytes in every format", () => {
    for (const { id } of textReporters) {
      expect(render(makeModel(), id), id).toBe(render(whole, id));
    }
  });

  test("a result stands at its claim's line, with a fingerprint of claim and reason", () => {
    const open = { verdict: "inconclusive", reason: "interval" } as const;
    const sarif = parseJson(render(modelOf([open]), "sarif-github"));
    const result = at(sarif, "runs", 0, "results", 0);
    const place = ["locations", 0, "physicalLocation"];
    expect(at(result, ...place, "artifactLocation", "uri")).toBe("plan.yaml");
    expect(at(result, ...place, "region", "startLine")).toBe(3);
    expect(at(result, "partialFingerprints", "loadlineClaim/v1")).toBe("http.up:interval");
  });

  test.each<[string, string, number]>([
    ["gate.live", "a gate of the plan", 11],
    ["gate.elsewhere", "a gate of a file", 9],
    ["use.ml_training", "the declared use", 8],
    ["http.own", "a claim of the plan's own", 14],
    ["stack.db.up", "a check of a service", 5],
    ["stack.edge.a.b", "an edge, which the plan lacks", 3],
    ["load.chat.p99", "a claim of the load", 7],
    ["http.up", "a probe of the target", 2],
    ["nowhere", "what the plan does not know", 1],
  ])("%s, %s, stands at line %i of the plan", (id, _what, line) => {
    const text = [
      "# a plan",
      "target: { url: x }",
      "stack:",
      "  services:",
      "    db: { kind: postgres }",
      "",
      "load: {}",
      "use: ML training",
      "gates:",
      "  # the only one",
      "  - id: live",
      "    minScore: 1",
      "claims:",
      '  - { id: "http.own" }',
      "",
    ].join("\n");
    const streams: Record<string, string> = { "http.up": "probe.http.up", "http.own": "x" };
    const of = ["stack.db.up", "stack.edge.a.b", "load.chat.p99"];
    const ids = [...Object.keys(streams), ...of];
    const [base] = whole.plan.claims;
    if (base === undefined) throw new Error("the model has a claim");
    const claims = ids.map((one) => ({ ...base, id: one, of: streams[one] ?? one }));
    const model = { ...whole, plan: { ...whole.plan, text, claims } };
    expect(planPlaces(model)(id)).toEqual({ uri: "plan.yaml", startLine: line });
    const damaged = { ...model, plan: { ...model.plan, text: `${text}\t- {` } };
    expect(planPlaces(damaged)(id).startLine).toBe(1);
  });

  test("what is skipped names who accepted it, why and until when", () => {
    const model = modelOf([{ verdict: "failed", disposition: "waived" }]);
    const who = { owner: "R. Owner", approvedBy: "A. Approver", expires: "2026-05-01" };
    const one = { claim: "http.up", disposition: "waived" as const, reason: "Known.", ...who };
    const waivers = { applied: [one], ignored: [], nextExpiry: "2026-05-01" };
    const shown = { ...model, verdict: { ...model.verdict, waivers } };
    for (const id of ["junit", "ctrf", "sarif"]) {
      expect(render(shown, id), id).toMatch(/Known\..*R\. Owner.*A\. Approver/);
    }
    expect(checkJunit(render(shown, "junit"))).toEqual([]);
    const markdown = render(shown, "md");
    expect(markdown).toContain("1 waived, next expiry 2026-05-01");
    expect(markdown).toContain("| Orchestration | no claims | no claims | 0 |");
    expect(markdown).toContain("| total | 1 of 1, 100 % | 0 of 1, 0 % | 1 |");
  });

  test("attempts are listed one by one", () => {
    const ctrf = parseJson(render(whole, "ctrf"));
    expect(at(ctrf, "results", "tests", 0, "retries")).toBe(1);
    expect(at(ctrf, "results", "tests", 0, "retryAttempts", 1, "status")).toBe("passed");
  });
});

test("the checks of the shapes find what is planted", () => {
  expect(
    checkSarif({ version: "2.1.0", runs: [{ tool: {}, results: [{ kind: "ok" }] }] }),
  ).not.toEqual([]);
  expect(checkCtrf({ reportFormat: "CTRF", specVersion: "0.0.0", results: {} })).not.toEqual([]);
  expect(checkJunit("<testsuites><testsuite></testsuites>")).not.toEqual([]);
  expect(checkStatement({ _type: "x" })).not.toEqual([]);
});
