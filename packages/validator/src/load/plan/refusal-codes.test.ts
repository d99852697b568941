import { describe, expect, it } from "vitest";
import { home, plan, rated, refusal, step } from "./run.fixture.ts";

describe("what a plan asks for beyond its text", () => {
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
      "a trace that is not there",
      plan(
        `{ executor: trace-replay, trace: no.jsonl, format: mooncake, request: { llm: { chat: { model: m, prompt: a } } } }`,
      ),
      "LL_LOAD_TRACE_INVALID no.jsonl: ENOENT: no such file or directory.",
    ],
    [
      "a trace that is not there, as a feeder",
      rated("").replace(
        "  scenarios:",
        "  feeders: { t: { trace: no.csv, format: azure } }\n  scenarios:",
      ),
      "LL_LOAD_TRACE_INVALID no.csv: ENOENT",
    ],
    [
      "a run that ends after a day",
      rated(", startTime: 24h"),
      "LL_LOAD_ABOVE_CAP load.scenarios.s.startTime: load.scenarios.s.startMs is above the cap of 24 h until it ends. (plan.yaml:4)",
    ],
    [
      "scenarios that are above a cap together",
      `${rated("").replace("rate: 5", "rate: 40000")}    t: { executor: constant-arrival-rate, rate: 10001, duration: 5s, steps: ${step} }\n`,
      "LL_LOAD_ABOVE_CAP load.scenarios: load.scenarios is above the cap of 50000 iterations per second, together. (plan.yaml:3)",
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
});
