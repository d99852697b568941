import { describe, expect, it } from "vitest";
import { home, plan, rated, refusal, step } from "./run.fixture.ts";

const store = (query: string): string =>
  `{ ingest: { method: POST, path: /d }, query: { method: POST, path: /q, body: { q: "${query}" } }, resultsPath: r, textPath: t }`;

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
      "an executor mistyped",
      plan("{ executor: constant-arival-rate, rate: 1, duration: 1s }"),
      'Did you mean "constant-arrival-rate"?',
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
      "a place of another tool in a body",
      rated("").replace(step, '[{ http: { path: /, json: { a: [{ b: "x {{name}}" }] } } }]'),
      "load.scenarios.s.steps.0.http.json.a.0.b: nothing fills {{name}}: write ${feed.COLUMN}",
    ],
    [
      "a place of another tool in a prompt",
      rated("").replace(
        `steps: ${step}`,
        'request: { llm: { chat: { model: m, prompt: "{{ q }}" } } }',
      ),
      "load.scenarios.s.request.llm.chat.prompt: nothing fills {{ q }}: write ",
    ],
    [
      "a place in a key",
      rated("").replace(step, '[{ http: { path: /, json: { "${vu}": 1 } } }]'),
      "load.scenarios.s.steps.0.http.json.${vu}: a key is sent as it is written",
    ],
    [
      "a place in the name of a check",
      rated("").replace(step, '[{ http: / }, { check: { name: "c ${vu}", status: 200 } }]'),
      "its name is the same for every answer",
    ],
    [
      "a header of the target with an unknown place",
      rated("").replace(`"${home}" }`, `"${home}", headers: { x-a: "\${foo}" } }`),
      "load.target.headers.x-a: nothing is called ${foo}; known are",
    ],
    [
      "a header of the target with a value of the moment",
      rated("").replace(`"${home}" }`, `"${home}", headers: { x-a: "\${feed.q}" } }`),
      "load.target.headers.x-a: is the same for every request: write ${env:NAME} or ${file:PATH}",
    ],
    [
      "a header of a service with a value of the moment",
      rated("").replace(`"${home}" }`, `"${home}", mcp: { headers: { x-a: "\${vu}" } } }`),
      "load.target.mcp.headers.x-a: is the same for every request",
    ],
    [
      "a place that a document store does not have",
      rated("").replace(`"${home}" }`, `"${home}", rag: ${store("${qestion}")} }`),
      "load.target.rag.query.body.q: nothing fills ${qestion}; known here: ${id}, ${text}, ${query}, ${k}",
    ],
    [
      "a place of another tool in a document store",
      rated("").replace(`"${home}" }`, `"${home}", rag: ${store("{{query}}")} }`),
      "load.target.rag.query.body.q: nothing fills {{query}}: write ",
    ],
    [
      "a method that a document store's ingest lacks",
      rated("").replace(
        `"${home}" }`,
        `"${home}", rag: ${store("${query}").replace("{ method", "{ metod")} }`,
      ),
      'load.target.rag.ingest.method: is missing: needs one of GET, POST, PUT, PATCH, DELETE; "metod" stands there (plan.yaml:2)',
    ],
    [
      "a method in small letters",
      rated("").replace(
        `"${home}" }`,
        `"${home}", rag: ${store("${query}").replace("POST", "post")} }`,
      ),
      'load.target.rag.ingest.method: needs one of GET, POST, PUT, PATCH, DELETE. Did you mean "POST"? (plan.yaml:2)',
    ],
    [
      "a threshold's key mistyped",
      rated("").replace(
        "  scenarios:",
        '  thresholds: { errors: [{ threshold: "rate<0.1", requird: true }] }\n  scenarios:',
      ),
      'load.thresholds.errors.0.requird: unknown key. Did you mean "required"? (plan.yaml:3)',
    ],
    [
      "a place that rooms do not have",
      rated("").replace(
        `"${home}" }`,
        `"${home}", rooms: { path: /w, dialect: { say: { r: "\${rom}" } } } }`,
      ),
      "load.target.rooms.dialect.say.r: nothing fills ${rom}; known here: ${room}, ${id}, ${text}",
    ],
    [
      "a place in what rooms say",
      rated("").replace(
        `"${home}" }`,
        `"${home}", rooms: { path: /w, dialect: { said: { r: "\${room}" } } } }`,
      ),
      "load.target.rooms.dialect.said.r: nothing fills ${room} here",
    ],
    [
      "a condition before the one request",
      rated("").replace(`steps: ${step}`, "request: { http: /, when: ok }"),
      "load.scenarios.s.request.when: nothing comes before the one request",
    ],
    [
      "a timeout of the one request",
      rated("").replace(`steps: ${step}`, "request: { http: { path: /, timeout: 1s } }"),
      "load.scenarios.s.request.http.timeout: write it as `steps`, or set load.timeouts",
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
    [
      "a base address with a key",
      rated("").replace(`"${home}"`, `"${home}/v1?api-key=word"`),
      "load.target.baseUrl carries a query or fragment; a key is target.auth. (plan.yaml:2)",
    ],
    ["text that is no YAML", "load: [\n  {", "(plan.yaml:2)"],
    ["a key given twice", "load:\n  seed: 1\n  seed: 2\n", "(plan.yaml:3)"],
  ])("%s is refused, with its path and line", async (_what, text, message) => {
    const said = await refusal(text, {}, { "u.csv": "id,name\n1,a\n" });
    expect(said).toMatch(/^LL_LOAD_PLAN_INVALID /);
    expect(said).toContain(message);
  });

  it("all faults are told at once", async () => {
    const said = await refusal(
      rated(", feed: u").replace(step, "[{ llm: { chat: { prompt: a } } }]"),
    );
    expect(said.split("\n")).toHaveLength(2);
  });

  it("every bad threshold is told at once, with its own place, code and nearest name", async () => {
    const bad = `  thresholds:
    respons_time: ["p(99)<2s", "p(95)<1s"]
    response_time:
      - p(99)<2s
      - p(99)<2x
      - p(95)!1s
    errors: rate<0.01
    "service_time{scenario:t}": p(99)<1s
`;
    const text = rated("").replace("  scenarios:", `${bad}  scenarios:`);
    const said = (await refusal(text)).split("\n");
    expect(said).toHaveLength(4);
    expect(said[0]).toBe(
      'LL_LOAD_METRIC_UNKNOWN load.thresholds.respons_time.0: thresholds: respons_time: no metric respons_time. Did you mean "response_time"? (plan.yaml:4)',
    );
    expect(said[1]).toMatch(
      /^load\.thresholds\.response_time\.1: LL_LOAD_THRESHOLD_SYNTAX .*column 8: p\(99\)<2>>>x \(plan\.yaml:7\)$/,
    );
    expect(said[2]).toMatch(
      /^load\.thresholds\.response_time\.2: LL_LOAD_THRESHOLD_SYNTAX .*\(plan\.yaml:8\)$/,
    );
    expect(said[3]).toMatch(
      /^load\.thresholds\.service_time\{scenario:t\}: .*no scenario t\. .*\(plan\.yaml:10\)$/,
    );
  });

  it("no message holds a secret that was read", async () => {
    const text = rated(", feed: nope").replace(
      `"${home}" }`,
      `"${home}", auth: { bearer: "\${env:KEY}" } }`,
    );
    expect(await refusal(text, { KEY: "s3cret" })).not.toContain("s3cret");
  });
});
