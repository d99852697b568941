import { describe, expect, it } from "vitest";
import { bindJob, type LoadJob, plannedSamples } from "./job.ts";
import { jobMinutes, loadPlanRows } from "./plan-rows.ts";
import { parseTrace } from "./schedule/trace.ts";
import type { Scenario } from "./types.ts";

const request = { kind: "http", method: "GET", path: "/" } as const;
const open: Scenario = {
  executor: "constant-arrival-rate",
  rate: 20,
  durationMs: 300_000,
  request,
};

function job(rest: Partial<LoadJob> = {}): LoadJob {
  return {
    profile: "test",
    name: "target",
    load: {
      target: { baseUrl: "http://127.0.0.1:1" },
      seed: 7,
      scenarios: { chat: open },
      limits: [],
    },
    thresholds: {},
    confidence: 0.95,
    waive: [],
    explore: false,
    ...rest,
  };
}

describe("a job's claims", () => {
  it("a tumbling window is a part, each with its share of the samples", () => {
    const thresholds = { response_time: [{ threshold: "p(95)<1s over(60s)" }] };
    const made = bindJob(job({ thresholds }));
    const [claim] = made.bound;
    expect(claim?.claim.parts).toEqual(["w1", "w2", "w3", "w4", "w5"]);
    expect(claim === undefined ? null : plannedSamples(claim, made.load).most).toBe(1_200);
    const short = { response_time: [{ threshold: "p(99)<1s over(10s)" }] };
    const row = loadPlanRows(bindJob(job({ thresholds: short })))[0];
    expect(row).toMatchObject({ provable: false, isTooSmall: true });
    expect(row?.problem).toContain("200 samples in each part at most, 299 needed");
  });

  it("of several scenarios the one with too few samples is named", () => {
    const few: Scenario = { executor: "shared-iterations", vus: 1, iterations: 4, request };
    const load = { ...job().load, scenarios: { chat: open, replay: few } };
    const row = loadPlanRows(bindJob(job({ load }))).find(({ claim }) => claim === "load.errors");
    expect(row).toMatchObject({ isTooSmall: true });
    expect(row?.problem).toContain("4 samples of replay at most, 59 needed");
  });

  it("a plan is refused for its samples, not for its iterations: each brings all its steps", () => {
    const steps = [
      { name: "a", http: "/a" },
      { repeat: { times: 9, steps: [{ name: "b", http: "/b" }] } },
    ];
    const scenario: Scenario = {
      executor: "shared-iterations",
      vus: 1,
      iterations: 40,
      exec: { kind: "steps", data: steps },
      steps: [{ name: "a" }, { name: "b" }],
    };
    const load = { ...job().load, scenarios: { s: scenario } };
    const thresholds = {
      response_time: [{ threshold: "p(99)<1s" }],
      "response_time{step:b}": [{ threshold: "p(99)<1s" }],
      "response_time{step:a}": [{ threshold: "p(99)<1s" }],
      iteration_duration: [{ threshold: "p(99)<1s" }],
    };
    const rows = loadPlanRows(bindJob(job({ load, thresholds })));
    expect(rows.slice(0, 4).map(({ planned, isTooSmall }) => [planned, isTooSmall])).toEqual([
      [400, false],
      [360, false],
      [40, true],
      [40, true],
    ]);
  });

  it.each<readonly [string, Scenario, number]>([
    [
      "a ramp of arrivals",
      {
        executor: "ramping-arrival-rate",
        startRate: 10,
        stages: [
          { durationMs: 10_000, target: 20 },
          { durationMs: 10_000, target: 5, step: true },
        ],
        warmupMs: 4_000,
        request,
      },
      // From 14 to 20 a second for 6 s, then 5.
      102 + 50,
    ],
    [
      "a trace at twice its speed",
      {
        executor: "trace-replay",
        trace: parseTrace(
          [0, 3_000, 4_000, 9_000]
            .map((timestamp) => `{"timestamp":${timestamp},"input_length":1,"output_length":1}\n`)
            .join(""),
          "mooncake",
        ),
        speed: 2,
        warmupMs: 2_000,
        request: { kind: "chat", model: "m", maxTokens: 1, stream: false },
      },
      2,
    ],
    [
      "a ramp of users",
      {
        executor: "ramping-vus",
        stages: [{ durationMs: 10_000, target: 10 }],
        warmupMs: 5_000,
        request,
      },
      // 7.5 users on average for 5 s, with answers of 500 ms.
      75,
    ],
  ])("%s plans no sample of its warm-up", (_what, scenario, planned) => {
    const load = { ...job().load, scenarios: { s: scenario } };
    const [row] = loadPlanRows(
      bindJob(job({ load, thresholds: { errors: [{ threshold: "rate<5%" }] } })),
    );
    expect(row?.planned).toBe(planned);
  });

  it("turns of sessions that are due after the end are not counted on", () => {
    const scenario: Scenario = {
      executor: "sessions",
      rate: 2,
      turns: 3,
      thinkMs: 9_500,
      durationMs: 60_000,
      request,
    };
    const load = { ...job().load, scenarios: { s: scenario } };
    const [row] = loadPlanRows(
      bindJob(job({ load, thresholds: { errors: [{ threshold: "rate<5%" }] } })),
    );
    // Of 60, 50 and 40 s each, two a second.
    expect(row?.planned).toBe(300);
  });

  it("a claim that wants early stops is looked at, others are not", () => {
    const thresholds = {
      errors: [{ threshold: "rate<1%", abortOnFail: true, delayAbortEvalMs: 30_000 }],
      response_time: [{ threshold: "p(95)<1s" }],
    };
    const { load, bound } = bindJob(job({ thresholds }));
    expect(load.limits.map(({ claim, looks }) => [claim, looks === true])).toEqual([
      ["all.errors.rate", true],
      ["all.response_time.p95", false],
    ]);
    expect(bound[0]?.stop).toMatchObject({ delayMs: 30_000 });
  });

  it("an A/B job has two sides, a comparison by default, and minutes of its blocks", () => {
    const ab = job({ ab: "http://127.0.0.1:2", triples: 100 });
    const made = bindJob(ab);
    const kinds = made.bound.map(({ claim }) => [claim.id, claim.kind, claim.parts]);
    expect(kinds).toEqual([
      ["all.response_time.p95", "comparison", ["all"]],
      ["load.errors", "proportion", ["A", "B"]],
      ["load.alive", "predicate", ["A", "B"]],
    ]);
    expect(loadPlanRows(made).every(({ provable }) => provable)).toBe(true);
    expect(jobMinutes(ab)).toBeCloseTo(6, 5);
    const few = loadPlanRows(bindJob({ ...ab, triples: 99 }))[0];
    expect(few).toMatchObject({ isTooSmall: true, problem: "99 triples, 100 needed" });
  });

  it("a comparison without a baseline, and a share in an A/B run, are said to be not tested", () => {
    const thresholds = { response_time: [{ threshold: "p(95)<baseline+10%" }] };
    const alone = loadPlanRows(bindJob(job({ thresholds })))[0];
    expect(alone).toMatchObject({ provable: false, isTooSmall: false });
    const shares = { response_time: [{ threshold: "p(95)<1s" }] };
    const inAb = bindJob(job({ thresholds: shares, ab: "http://127.0.0.1:2", triples: 100 }));
    const row = loadPlanRows(inAb).find(({ kind }) => kind === "quantile");
    expect(row?.problem).toBe("an A/B run decides comparisons: not_tested");
  });

  it("exploring makes every claim optional, and declared checks are shown only", () => {
    const made = bindJob(job({ explore: true, checks: ["fine"] }));
    expect(made.bound.some(({ claim }) => claim.required)).toBe(false);
    const usual = bindJob(job({ checks: ["fine"] })).bound.at(-1)?.claim;
    expect(usual).toMatchObject({ id: "load.checks", kind: "coverage", required: false });
  });

  it.each([
    ["response_time", "load.alive"],
    ["response_time", "load.errors"],
    ["response_time", "Load.Checks"],
  ])("a threshold of %s may not take the name %s of a claim of the plan's own", (metric, id) => {
    const thresholds = { [metric]: [{ threshold: "p(95)<1s", id }] };
    const taken = new RegExp(`has a claim ${id.toLowerCase()} of its own`);
    expect(() => bindJob(job({ thresholds, checks: ["fine"] }))).toThrow(taken);
  });

  it("a promise on all errors takes the default's place, and may take its name", () => {
    const thresholds = { errors: [{ threshold: "rate<1%", id: "load.errors" }] };
    const ids = bindJob(job({ thresholds })).bound.map(({ claim }) => claim.id);
    expect(ids).toEqual(["load.errors", "load.alive"]);
  });

  it("a waiver of a guard that does not exist is refused with the nearest name", () => {
    const waiver = { guard: "guard.load.pacr", owner: "ops", reason: "x", expires: "2999-01-01" };
    expect(() => bindJob(job({ waive: [waiver] }))).toThrow(/Did you mean "guard\.load\.pacer"/);
  });
});
