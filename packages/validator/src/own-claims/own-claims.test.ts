/** Claims of a plan's own from the file to the verdict: simulated loads, and a run over sockets. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunPlan, startMiniRun, verifyBundle } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { afterEach, describe, expect, it } from "vitest";
import { readBundle } from "../evidence/read-bundle.ts";
import { sha256 } from "../evidence/sha256.ts";
import { parsePlanFile } from "../plan/load-plan-file.ts";
import { readStages } from "../plan/stages.ts";
import { textReporters } from "../reporters/table.ts";
import { buildLoadPlan } from "../run/load-plan.ts";
import { recordLoad } from "../run/load-stage.ts";
import { runValidation } from "../run/run-validation.ts";
import { cleanRules, stubKey } from "../selftest/clean-stub.ts";
import { healthyTarget } from "../selftest/limit-saboteurs.ts";
import { memoryWriter, playLoad, type SimulatedTarget } from "../selftest/simulated-load.ts";
import { startStub } from "../selftest/stub-server.ts";
import { recordOwn } from "./record-load.ts";

const shared = {
  statement: "holds in this window",
  category: "Performance & Capacity",
  rationale: "a promise to users",
};

function planOf(file: object): RunPlan {
  const parsed = parsePlanFile(JSON.stringify(file));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.plan;
}

type Answer = ReturnType<SimulatedTarget["answer"]>;

/** Verdict of each own claim after a load of `seconds` at 20/s whose answers `answer` changes. */
function simulate(
  claims: readonly object[],
  o: { seconds: number; answer?: (offsetMs: number, scenario: string) => Partial<Answer> },
): Record<string, string> {
  const own = claims.map((claim, index) => ({ ...shared, id: `c${index}`, ...claim }));
  const load = { durationSeconds: o.seconds, warmupSeconds: 0 };
  const plan = planOf({ target: { url: "http://127.0.0.1:9/v1" }, load, claims: own });
  const stages = readStages(plan);
  const declared = plan.claims.filter(({ id }) => stages.own.includes(id));
  const made = buildLoadPlan(stages, {
    baseUrl: "http://127.0.0.1:9/v1",
    model: "m",
    confidence: 0.95,
    own: declared,
  });
  const base = healthyTarget(made.limits);
  const target: SimulatedTarget = {
    ...base,
    answer: (request) => ({
      ...base.answer(request),
      ...o.answer?.(request.offsetMs, request.scenario),
    }),
  };
  const run = startMiniRun(declared, { digest: sha256 });
  const sink = {
    recorder: memoryWriter(run),
    progress: () => undefined,
    own: { claims: declared, load: stages.load },
  };
  playLoad(made, target, (record) => recordLoad(sink, record));
  run.end();
  const rows = run
    .fold()
    .claims.map(({ id, verdict, reason }) => [id, `${verdict} ${reason ?? "-"}`]);
  return Object.fromEntries(rows);
}

const down: Partial<Answer> = { outcome: "status_5xx" };

describe("claims of a plan's own on the load", () => {
  const claims = [
    { kind: "proportion", of: "load.chat.errors", target: "99 %" },
    { kind: "quantile", of: "load.chat.response_time", target: "99 %", limit: "100 ms" },
    { kind: "mean", of: "load.chat.service_time", limit: "50 ms" },
    { kind: "mean", of: "load.chat.good_per_second", limit: "18 requests/s", side: "above" },
    { kind: "proportion", of: "load.stream.good", target: "99 %", mode: "sequential" },
    { kind: "proportion", of: "load.chat.errors", target: "90 %", over: "10 s" },
  ];
  const all = (word: string): Record<string, string> =>
    Object.fromEntries(claims.map((_, index) => [`c${index}`, word]));

  it("pass on a target that keeps them", () => {
    expect(simulate(claims, { seconds: 60 })).toEqual(all("passed -"));
  });

  it("fail on one that breaks them, and those on the other scenario do not", () => {
    const answer = (_: number, scenario: string) =>
      scenario === "chat" ? { ms: 400, outcome: "status_5xx" as const } : {};
    expect(simulate(claims, { seconds: 60, answer })).toEqual({
      ...all("failed limit"),
      c4: "passed -",
    });
  });

  it("a rate that the load does not ask for is not tested, one below it is", () => {
    const rate = { kind: "mean", of: "load.chat.good_per_second", side: "above" };
    const rows = [
      { ...rate, limit: "100 requests/s" },
      { ...rate, limit: "20 requests/s" },
      { ...rate, limit: "19 requests/s" },
      { ...rate, limit: "100 requests/s", side: "below" },
    ];
    expect(simulate(rows, { seconds: 60 })).toEqual({
      c0: "not_tested not_run",
      c1: "not_tested not_run",
      c2: "passed -",
      c3: "passed -",
    });
    const answer = () => down;
    expect(simulate(rows, { seconds: 60, answer })).toMatchObject({
      c0: "not_tested not_run",
      c2: "failed limit",
    });
  });

  it("a rate that the load does not ask for is named beside the one that it does", () => {
    const rate = { kind: "mean", of: "load.chat.good_per_second", side: "above" };
    const own = { ...shared, id: "mine.rate", ...rate, limit: "100 requests/s" };
    const plan = planOf({ target: { url: "http://127.0.0.1:9/v1" }, claims: [own] });
    const claims = plan.claims.slice(-1);
    const run = startMiniRun(claims, { digest: sha256 });
    const shape = { claim: "mine.rate", stream: rate.of, part: "all" };
    const { load } = readStages(plan);
    recordOwn(memoryWriter(run), { type: "sample.closed", ...shape }, { claims, load });
    run.end();
    expect(run.fold().claims[0]).toMatchObject({
      verdict: "not_tested",
      sentence:
        "The load asks for 20 requests/s: whether the target keeps 100 requests/s was not asked.",
      toProve: "a load that asks for more than 100 requests/s",
    });
  });

  it("a single bad window fails a claim over windows that the whole load would keep", () => {
    const rows = [
      { kind: "proportion", of: "load.chat.errors", target: "80 %", over: "10 s" },
      { kind: "proportion", of: "load.chat.errors", target: "80 %" },
    ];
    // Every second request of one window of thirty, evenly: no burst within its seconds.
    let n = 0;
    const answer = (ms: number) => (ms >= 20_000 && ms < 30_000 && n++ % 2 === 0 ? down : {});
    const seen = simulate(rows, { seconds: 300, answer });
    expect(seen["c0"]).toBe("failed limit");
    expect(seen["c1"]).not.toBe("failed limit");
  });
});

describe("time_availability on the load", () => {
  const uptime = {
    kind: "time_availability",
    of: "load.chat.errors",
    target: "90 %",
    limit: "5 s",
  };

  it("passes after the clean time of the table, not before", () => {
    // -ln(0.05) x 5 s / 10 % = 149.8 s.
    expect(simulate([uptime], { seconds: 150 })).toEqual({ c0: "passed -" });
    expect(simulate([uptime], { seconds: 149 })).toEqual({ c0: "inconclusive too_short" });
  });

  it("a single outage of two seconds takes the proof, four long ones are a failure", () => {
    const once = (ms: number) => (ms >= 50_300 && ms < 52_300 ? down : {});
    expect(simulate([uptime], { seconds: 200, answer: once })).toEqual({
      c0: "inconclusive too_short",
    });
    const often = (ms: number) => (ms % 50_000 < 8_000 ? down : {});
    expect(simulate([uptime], { seconds: 200, answer: often })).toEqual({ c0: "failed limit" });
  });

  it("outages shorter than two seconds of requests show are no claim of a load", () => {
    const fine = { ...uptime, limit: "1 s" };
    expect(simulate([fine], { seconds: 100 })).toEqual({ c0: "inconclusive resolution" });
  });
});

describe("a run with claims of its own", () => {
  const roots: string[] = [];
  afterEach(() => {
    for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
  });
  const run = (plan: RunPlan) => {
    const runsDir = mkdtempSync(join(tmpdir(), "loadline-own-"));
    roots.push(runsDir);
    return runValidation(plan, {
      clock: systemClock(),
      random: seededRandom(3),
      runsDir,
      toolVersion: "0.1.0",
      apiKey: stubKey,
      reporters: textReporters,
      onProgress: () => undefined,
      signal: new AbortController().signal,
      loadEngine: "inline",
    });
  };
  const renderers = Object.fromEntries(textReporters.map((r) => [r.file, r.render]));
  const claims = [
    { ...shared, id: "mine.chat", kind: "predicate", of: "probe.openai.chat" },
    { ...shared, id: "mine.some", kind: "proportion", of: "load.chat.errors", target: 0.5 },
    {
      ...shared,
      id: "mine.up",
      kind: "time_availability",
      of: "load.chat.errors",
      target: 0.99,
      limit: "5 s",
    },
    { ...shared, id: "mine.loss", kind: "zero_loss", of: "drill.orders.loss" },
  ];
  const file = (url: string, more: object = {}) => ({
    target: { url, auth: "bearer", apiKeyEnv: "STUB_KEY" },
    load: { ratePerSecond: 40, durationSeconds: 1, warmupSeconds: 0 },
    claims,
    ...more,
  });

  it("decides each by what its stream saw, and the bundle verifies under fold 3", async () => {
    await using stub = await startStub(cleanRules);
    const result = await run(planOf(file(stub.baseUrl)));
    const word = (id: string): string => {
      const claim = result.verdict.claims.find((one) => one.id === id);
      return `${claim?.verdict ?? ""} ${claim?.reason ?? "-"}`;
    };
    expect(word("mine.chat")).toBe(word("openai.chat"));
    // A busy machine may take the verdict away; the counts are there.
    expect(result.verdict.claims.find(({ id }) => id === "mine.some")?.n).toBeGreaterThan(0);
    expect(word("mine.up")).toMatch(/^inconclusive /);
    expect(word("mine.loss")).toBe("not_tested not_run");
    expect(result.verdict.foldVersion).toBe("3");
    const files = await readBundle(result.runDir);
    const checked = await verifyBundle(files, { digest: sha256, renderers });
    expect(checked.steps.filter(({ ok }) => ok === false)).toEqual([]);
    const report = Buffer.from(files.get("report.md") ?? []).toString();
    expect(report).toContain("mine.loss");
  });

  it("a target that is not there fails the check's claim and its own alike", async () => {
    const stub = await startStub([]);
    await stub.close();
    const result = await run(planOf(file(stub.baseUrl)));
    const of = (id: string) => result.verdict.claims.find((one) => one.id === id)?.verdict;
    expect([of("openai.chat"), of("mine.chat")]).toEqual(["failed", "failed"]);
    // Of a machine that was too busy to load it, nothing is said.
    expect(of("mine.some")).toMatch(/^(failed|inconclusive)$/);
    for (const { id, verdict } of result.verdict.claims) expect(verdict, id).not.toBe("passed");
  });

  it("a skipped stage leaves its claims and the plan's own not tested", async () => {
    await using stub = await startStub(cleanRules);
    const result = await run(planOf(file(stub.baseUrl, { skip: ["probe", "load"] })));
    for (const id of ["openai.chat", "mine.chat", "mine.some", "mine.up"]) {
      const claim = result.verdict.claims.find((one) => one.id === id);
      expect([claim?.verdict, claim?.reason], id).toEqual(["not_tested", "skipped"]);
    }
  });
});
