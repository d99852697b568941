import { describe, expect, it } from "vitest";
import { planFolder } from "./run.fixture.ts";

const home = "http://127.0.0.1:9";
const step = "[{ http: / }]";

/** A plan with one scenario; `top` goes before the scenarios. */
const plan = (scenario: string, top = ""): string => `load:
  target: { baseUrl: "${home}" }
${top}  scenarios:
    s: ${scenario}
`;

const rated = (o: string): string =>
  plan(`{ executor: constant-arrival-rate, rate: 5, duration: 10s, steps: ${step}${o} }`);

async function refusal(
  text: string,
  env = {},
  files: Record<string, string> = {},
): Promise<string> {
  using folder = planFolder();
  for (const [name, content] of Object.entries(files)) folder.write(name, content);
  return await folder.refusal(text, env);
}

describe("a plan's text", () => {
  it.each([
    [
      "an unknown key with the nearest",
      rated(", duraton: 1s"),
      'load.scenarios.s.duraton: unknown key. Did you mean "duration"? (plan.yaml:4)',
    ],
    [
      "an unknown executor",
      plan("{ executor: constant-vu, vus: 1, duration: 1s }"),
      "load.scenarios.s.executor: needs one of the executors constant-arrival-rate, ",
    ],
    [
      "a bare number for a time",
      plan(`{ executor: constant-vus, vus: 1, duration: 10, steps: ${step} }`),
      'load.scenarios.s.duration: write a duration with its unit, for example "30s"',
    ],
    [
      "a wrong unit",
      plan(`{ executor: constant-vus, vus: 1, duration: 10sec, steps: ${step} }`),
      "load.scenarios.s.duration: write a duration",
    ],
    [
      "a stage of 0 s",
      plan(
        `{ executor: ramping-vus, steps: ${step}, stages: [{ duration: 1s, target: 1 }, { duration: 0s, target: 5 }] }`,
      ),
      "load.scenarios.s.stages.1.duration: is zero (plan.yaml:4)",
    ],
    [
      "a rate of 0",
      rated("").replace("rate: 5", "rate: 0"),
      "load.scenarios.s.rate: write a positive number",
    ],
    [
      "a unit of rates that is none",
      rated("").replace("rate: 5", "rate: 5/d"),
      "load.scenarios.s.rate: write a positive number",
    ],
    [
      "no way to iterate",
      plan("{ executor: constant-vus, vus: 1, duration: 1s }"),
      "load.scenarios.s: needs exactly one of `exec`, `steps`, `request`, `mix` (plan.yaml:4)",
    ],
    [
      "two ways to iterate",
      rated(', exec: "./a.ts#b"').replace("steps: ", "steps: "),
      "needs exactly one of `exec`, `steps`, `request`, `mix`",
    ],
    [
      "weights that sum to 0",
      plan(
        `{ executor: constant-vus, vus: 1, duration: 1s, mix: { a: { weight: 0, steps: ${step} } } }`,
      ),
      "load.scenarios.s.mix: weights sum to 0 (plan.yaml:4)",
    ],
    [
      "a step of no kind",
      rated("").replace(step, "[{ name: a }]"),
      "load.scenarios.s.steps.0: needs exactly one of `http`, `llm`",
    ],
    [
      "a step of two kinds",
      rated("").replace(step, "[{ http: /, sleep: 1s }]"),
      "load.scenarios.s.steps.0: needs exactly one of",
    ],
    [
      "an unknown key of a step in a group",
      rated("").replace(step, "[{ group: { name: g, steps: [{ http: { path: /, expct: 1 } }] } }]"),
      'load.scenarios.s.steps.0.group.steps.0.http.expct: unknown key. Did you mean "expect"?',
    ],
    [
      "a name used twice",
      rated("").replace(step, "[{ name: a, http: / }, { name: a, http: / }]"),
      "load.scenarios.s.steps.1.name: a is used twice",
    ],
    [
      "a check before any request",
      rated("").replace(step, "[{ check: { name: c, status: 200 } }, { http: / }]"),
      "load.scenarios.s.steps.0.check: no request comes before it",
    ],
    [
      "a required check far from its request",
      rated("").replace(
        step,
        "[{ http: / }, { repeat: { times: 2, steps: [{ sleep: 1s }, { check: { name: c, required: true, status: 200 } }] } }]",
      ),
      "required: true needs its request right before it",
    ],
    [
      "an unknown value of the moment",
      rated("").replace(step, '[{ http: "/${fed.x}" }]'),
      'nothing is called ${fed.x}; did you mean "feed."?',
    ],
    [
      "a feeder's value without a feeder",
      rated("").replace(step, '[{ http: "/${feed.x}" }]'),
      "${feed.x} needs `feed` in the scenario",
    ],
    [
      "an unknown outcome",
      rated("").replace(step, "[{ http: / }, { http: /b, when: status_409 }]"),
      'load.scenarios.s.steps.1.when: no outcome status_409. Did you mean "status_429"?',
    ],
    [
      "an unknown feeder",
      rated(", feed: usrs").replace(
        "  scenarios:",
        "  feeders: { users: { csv: u.csv } }\n  scenarios:",
      ),
      'load.scenarios.s.feed: no feeder usrs. Did you mean "users"? (plan.yaml:5)',
    ],
    [
      "an unknown column",
      rated(", feed: users")
        .replace(step, '[{ http: "/${feed.nam}" }]')
        .replace("  scenarios:", "  feeders: { users: { csv: u.csv } }\n  scenarios:"),
      'no column in u.csv: nam. Did you mean "name"? (plan.yaml:5)',
    ],
    [
      "a model nobody named",
      rated("").replace(step, "[{ llm: { chat: { prompt: hi } } }]"),
      "load.scenarios.s.steps.0.llm: names no model, and target.model is not set",
    ],
    [
      "a document store nobody described",
      rated("").replace(step, "[{ rag: { query: {} } }]"),
      "load.scenarios.s.steps.0.rag: target.rag is not set",
    ],
    [
      "a secret written out",
      rated("").replace(`"${home}" }`, `"${home}", auth: { bearer: sk-1 } }`),
      "load.target.auth.bearer: write ${env:NAME} or ${file:PATH}, not the secret itself (plan.yaml:2)",
    ],
    [
      "a warm-up as long as the scenario",
      rated(", warmup: 10s"),
      "load.scenarios.s.warmup: load.scenarios.s.warmupMs is not shorter than the scenario. (plan.yaml:4)",
    ],
    [
      "no scenarios",
      `load:\n  target: { baseUrl: "${home}" }\n  scenarios: {}\n`,
      "load.scenarios: is empty (plan.yaml:3)",
    ],
    ["text that is no YAML", "load: [\n  {", "(plan.yaml:2)"],
    ["a key given twice", "load:\n  seed: 1\n  seed: 2\n", "(plan.yaml:3)"],
  ])("%s is refused, with its path and line", async (_what, text, message) => {
    const said = await refusal(text, {}, { "u.csv": "id,name\n1,a\n" });
    expect(said).toMatch(/^LL_LOAD_PLAN_INVALID /);
    expect(said).toContain(message);
  });

  it.each([
    [
      "a host that is not allowed",
      rated("").replace(home, "http://example.test"),
      "LL_LOAD_HOST_REFUSED load.target.baseUrl: example.test is not an allowed host. (plan.yaml:2)",
    ],
    [
      "a rate above the cap",
      rated("").replace("rate: 5", "rate: 60000"),
      "LL_LOAD_ABOVE_CAP load.scenarios.s.rate: load.scenarios.s.rate is above the cap of 50000. (plan.yaml:4)",
    ],
    [
      "a missing variable",
      rated("").replace(`"${home}" }`, `"${home}", auth: { bearer: "\${env:KEY}" } }`),
      "LL_LOAD_SECRET load.target.auth.bearer: KEY is not set (plan.yaml:2)",
    ],
    [
      "a missing secret file",
      rated("").replace(step, '[{ http: { path: /, headers: { k: "${file:no.txt}" } } }]'),
      "LL_LOAD_SECRET load.scenarios.s.steps.0.http.headers.k: no.txt: ENOENT",
    ],
    [
      "a broken feeder",
      rated("").replace("  scenarios:", "  feeders: { u: { csv: bad.csv } }\n  scenarios:"),
      "LL_LOAD_FEED_INVALID bad.csv:3: 1 fields where the header has 2.",
    ],
    [
      "a trace that goes back",
      plan(
        `{ executor: trace-replay, trace: t.jsonl, format: mooncake, request: { llm: { chat: { model: m, prompt: a } } } }`,
      ),
      "LL_LOAD_TRACE_INVALID t.jsonl: Line 2",
    ],
    [
      "a module that is not there",
      rated("").replace(`steps: ${step}`, 'exec: "./no.ts#run"'),
      "LL_LOAD_SCENARIO_IMPORT load.scenarios.s.exec: ./no.ts: ENOENT",
    ],
    [
      "a module that throws",
      rated("").replace(`steps: ${step}`, 'exec: "./throws.ts#run"'),
      "LL_LOAD_SCENARIO_IMPORT load.scenarios.s.exec: ./throws.ts: throws when it is imported: Error: boom",
    ],
    [
      "a generator that is not exported",
      rated("").replace(
        "  scenarios:",
        '  feeders: { u: { generator: "./fine.ts#row" } }\n  scenarios:',
      ),
      "LL_LOAD_SCENARIO_IMPORT load.feeders.u.generator: ./fine.ts exports no function row. (plan.yaml:3)",
    ],
    [
      "a function that is not exported",
      rated("").replace(`steps: ${step}`, 'exec: "./fine.ts#rum"'),
      'LL_LOAD_SCENARIO_IMPORT load.scenarios.s.exec: ./fine.ts exports no function rum. Did you mean "run"? (plan.yaml:4)',
    ],
    [
      "a rate claimed of users",
      plan(
        `{ executor: constant-vus, vus: 1, duration: 1s, steps: ${step} }`,
        '  thresholds: { http_reqs: "rate>100" }\n',
      ),
      'LL_LOAD_CLAIM_MODEL load.thresholds.http_reqs: thresholds: "http_reqs: rate>100" names a rate of http_reqs, and s is a closed model. (plan.yaml:3)',
    ],
  ])("%s is refused by its own code", async (_what, text, message) => {
    const files = {
      "bad.csv": "a,b\n1,2\n3\n",
      "t.jsonl":
        '{"timestamp":5,"input_length":1,"output_length":1,"hash_ids":[]}\n{"timestamp":1,"input_length":1,"output_length":1,"hash_ids":[]}\n',
      "throws.ts": "throw new Error('boom');",
      "fine.ts": "export function run() {}",
    };
    expect(await refusal(text, {}, files)).toContain(message);
  });

  it("all faults are told at once", async () => {
    const said = await refusal(
      rated(", feed: u").replace(step, "[{ llm: { chat: { prompt: a } } }]"),
    );
    expect(said.split("\n")).toHaveLength(2);
  });

  it("no message holds a secret that was read", async () => {
    const text = rated(", feed: nope").replace(
      `"${home}" }`,
      `"${home}", auth: { bearer: "\${env:KEY}" } }`,
    );
    expect(await refusal(text, { KEY: "s3cret" })).not.toContain("s3cret");
  });
});

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
    const meant = await folder.compile(
      rated("").replace(
        "  scenarios:",
        '  thresholds: { response_time: "p(95)<1s" }\n  scenarios:',
      ),
    );
    expect(meant.notes).toEqual([]);
  });
});
