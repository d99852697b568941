import { describe, expect, it } from "vitest";
import { home, plan, planFolder, rated, step } from "./run.fixture.ts";

describe("a compiled plan", () => {
  it("has every executor's terms in ms and per second", async () => {
    using folder = planFolder();
    folder.write("t.jsonl", '{"timestamp":0,"input_length":1,"output_length":1,"hash_ids":[]}\n');
    const one = `steps: ${step}`;
    const { plan: made } = await folder.compile(`load:
  target: { baseUrl: "${home}" }
  scenarios:
    a: { executor: constant-arrival-rate, rate: 120, timeUnit: 1m, duration: 1m30s, arrivals: poisson, warmup: 10s, startTime: 5s, maxVUs: 7, ${one} }
    b: { executor: ramping-arrival-rate, startRate: 0, stages: [{ duration: 10s, target: 60/m }, { duration: 5s, target: 3, step: true }], ${one} }
    c: { executor: constant-vus, vus: 2, duration: 10s, think: 1s..3s, gracefulStop: 0s, ${one} }
    d: { executor: ramping-vus, startVUs: 1, stages: [{ duration: 10s, target: 4 }], think: 2s, ${one} }
    e: { executor: shared-iterations, vus: 2, iterations: 9, maxDuration: 1m, ${one} }
    f: { executor: per-vu-iterations, ${one} }
    g: { executor: sessions, rate: 1, duration: 10s, turns: 3, think: 1s, request: { llm: { chat: { model: m, prompts: [a, b] } } } }
    h: { executor: trace-replay, trace: t.jsonl, format: mooncake, speed: 2, request: { llm: { chat: { model: m, prompt: a } } } }
    i: { executor: ladder, users: [1, 5], hold: 10s, settle: 1s, ${one} }
    j: { executor: find-peak, startRate: 10/s, maxRate: 100, step: 5s, pass: { limit: 500ms }, ${one} }
`);
    expect(made.scenarios).toMatchObject({
      a: {
        rate: 2,
        durationMs: 90_000,
        arrivals: "poisson",
        warmupMs: 10_000,
        startMs: 5000,
        maxVus: 7,
      },
      b: {
        startRate: 0,
        stages: [
          { durationMs: 10_000, target: 1 },
          { durationMs: 5000, target: 3, step: true },
        ],
      },
      c: { vus: 2, durationMs: 10_000, thinkMs: [1000, 3000], gracefulStopMs: 0 },
      d: { startVus: 1, stages: [{ durationMs: 10_000, target: 4 }], thinkMs: 2000 },
      e: { vus: 2, iterations: 9, maxDurationMs: 60_000 },
      f: { vus: 1, iterations: 1, maxDurationMs: 600_000 },
      g: {
        rate: 1,
        turns: 3,
        thinkMs: 1000,
        request: { kind: "chat", prompts: ["a", "b"], stream: true },
      },
      h: { speed: 2, request: { kind: "chat", model: "m" } },
      i: { users: [1, 5], rounds: 3, holdMs: 10_000, settleMs: 1000 },
      j: {
        startRate: 10,
        rateMax: 100,
        stepMs: 5000,
        pass: { share: 0.99, limitMs: 500, confidence: 0.95 },
      },
    });
  });

  it("names every step that sends, its group as a tag, and every check it declares", async () => {
    using folder = planFolder();
    const { plan: made, checks } = await folder.compile(
      rated("")
        .replace(
          step,
          "[{ http: / }, { group: { name: g, steps: [{ name: in, http: / }, { check: { name: c1, status: 200 } }] } }, { repeat: { times: 2, steps: [{ mcp: { list: true } }] } }, { check: [{ name: c2, status: 1, status: 200 }] }]".replace(
            "status: 1, ",
            "",
          ),
        )
        .replace("  scenarios:", "  checks: [mine]\n  scenarios:"),
    );
    expect(made.scenarios["s"]?.steps).toEqual([
      { name: "http-1" },
      { name: "in", tags: { group: "g" } },
      { name: "mcp-3" },
    ]);
    expect(checks).toEqual(["mine", "c1", "c2"]);
  });

  it("declares metrics of its own, and refuses a threshold on one that nobody declared", async () => {
    using folder = planFolder();
    const text = rated("").replace(
      "  scenarios:",
      '  metrics: { cost: { type: trend } }\n  thresholds: { cost: "avg<5" }\n  scenarios:',
    );
    const file = await folder.compile(text);
    expect(file.metrics).toEqual([{ name: "cost", type: "trend", quantity: "count" }]);
    expect(await folder.refusal(text.replace("{ cost: {", "{ price: {"))).toMatch(
      /^LL_LOAD_METRIC_UNKNOWN load\.thresholds\.cost: .*\(plan\.yaml:4\)/,
    );
  });

  it("keeps thresholds, waivers and limits of a good answer for whoever makes claims of them", async () => {
    using folder = planFolder();
    const file = await folder.compile(
      rated("").replace(
        "  scenarios:",
        `  slo: { ttft: 500ms }
  waive: [{ guard: guard.load.cpu, owner: me, reason: shared machine, expires: 2027-01-31 }]
  thresholds:
    response_time: "p(99)<2s"
    errors: [{ threshold: "rate<0.01", id: e, required: false, delayAbortEval: 30s, abortOnFail: true }, "rate<0.1"]
  scenarios:`,
      ),
    );
    expect(file.thresholds).toEqual({
      response_time: [{ threshold: "p(99)<2s" }],
      errors: [
        {
          threshold: "rate<0.01",
          id: "e",
          required: false,
          abortOnFail: true,
          delayAbortEvalMs: 30_000,
        },
        { threshold: "rate<0.1" },
      ],
    });
    expect(file.slo).toEqual({ ttftMs: 500 });
    expect(file.waive).toHaveLength(1);
  });

  it("a good answer may be what MLPerf limits for a model, with limits of the plan's own before them", async () => {
    using folder = planFolder();
    const slo = (text: string): string =>
      rated("").replace("  scenarios:", `  slo: { ${text} }\n  scenarios:`);
    const made = async (text: string) => (await folder.compile(slo(text))).slo;
    expect(await made("mlperf: llama2-70b")).toEqual({ ttftMs: 2_000, tpotMs: 200 });
    expect(await made("mlperf: llama2-70b-interactive")).toEqual({ ttftMs: 450, tpotMs: 40 });
    const own = await made("mlperf: deepseek-r1, tpot: 50ms, responseTime: 9s");
    expect(own).toEqual({ ttftMs: 2_000, tpotMs: 50, responseTimeMs: 9_000 });
    expect(await folder.refusal(slo("mlperf: lama2-70b"))).toMatch(
      /load\.slo\.mlperf: .*Did you mean "llama2-70b"\? \(plan\.yaml:3\)/,
    );
  });

  it("holds secrets apart from what is recorded of its scenarios", async () => {
    using folder = planFolder();
    folder.write("token.txt", "f1le\n");
    const file = await folder.compile(
      rated("")
        .replace(step, '[{ http: { path: /, headers: { k: "${file:token.txt}" } } }]')
        .replace(`"${home}" }`, `"${home}", auth: { bearer: "\${env:KEY}" } }`),
      { KEY: "s3cret" },
    );
    expect(JSON.stringify(file.plan.scenarios)).not.toMatch(/f1le|s3cret/);
    expect(file.plan.secrets).toEqual({ "env:KEY": "s3cret", "file:token.txt": "f1le" });
    expect(file.plan.target.apiKey).toBe("s3cret");
  });

  it("differs by the rows, their order and the module it uses", async () => {
    using folder = planFolder();
    const digests = async (rows: string, order: string, module: string): Promise<string> => {
      folder.write("u.csv", rows);
      folder.write("m.ts", module);
      const { plan: made } = await folder.compile(`load:
  target: { baseUrl: "${home}" }
  feeders: { u: { csv: u.csv, order: ${order} } }
  scenarios:
    s: { executor: constant-vus, vus: 1, duration: 1s, feed: u, exec: "./m.ts#run" }
`);
      return JSON.stringify(made.scenarios);
    };
    const run = "export function run() {}";
    const base = await digests("a\n1\n", "sequential", run);
    expect(await digests("a\n1\n", "sequential", run)).toBe(base);
    expect(await digests("a\n2\n", "sequential", run)).not.toBe(base);
    expect(await digests("a\n1\n", "shuffle", run)).not.toBe(base);
    expect(await digests("a\n1\n", "sequential", `${run} // x`)).not.toBe(base);
    expect(base).not.toContain(folder.path);
  });
});

describe("lint of a plan", () => {
  it("tells what is allowed and likely not meant, and nothing of a plan that means it", async () => {
    using folder = planFolder();
    folder.write("u.csv", "a\n1\n2\n3\n");
    const odd = await folder.compile(`load:
  target: { baseUrl: "${home}" }
  feeders: { u: { csv: u.csv, order: unique }, idle: { csv: u.csv } }
  scenarios:
    s: { executor: shared-iterations, iterations: 9, feed: u, mix: { a: { weight: 1, steps: ${step} }, b: { weight: 0, steps: ${step} } } }
`);
    expect(odd.notes).toEqual([
      "The feeder idle is read and no scenario uses it.",
      "s ends after 2 of 9 iterations: u.csv has no more rows.",
      "b of s has the weight 0 and never runs.",
      "No threshold is set: only success and life of each scenario are claimed, no time.",
    ]);
    const crowd = async (users: number, more = "", own = ""): Promise<string> => {
      const scenario = `{ executor: constant-vus, vus: ${users}, duration: 10s, ${own}steps: ${step} }`;
      const { notes } = await folder.compile(plan(scenario, `  workers: 1\n${more}`));
      return notes.filter((note) => note.includes("connections")).join();
    };
    expect(await crowd(1024)).toBe("");
    expect(await crowd(1025)).toMatch(/^1025 users share 1024 connections, and wait/);
    expect(await crowd(1025, "  maxConnections: 1025\n")).toBe("");
    expect(await crowd(1025, "  processes: 2\n")).toBe("");
    expect(await crowd(1025, "", "http2: true, ")).toBe("");
    const meant = await folder.compile(
      rated("").replace(
        "  scenarios:",
        '  thresholds: { response_time: "p(95)<1s" }\n  scenarios:',
      ),
    );
    expect(meant.notes).toEqual([]);
  });
});
