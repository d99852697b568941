import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ReferenceTarget,
  startReferenceTarget,
} from "../../packages/testkit/src/reference-target/index.ts";
import { freePort } from "@loadline/testkit";
import { claimsThat, emptyDir, type Ended, runCli, runDirOf, verdictOf } from "./cli-process.ts";
import { decidable, skipIfOpen, skipUnlessPassed } from "./readiness.ts";

const planOf = (
  url: string,
  o: { readonly thresholds?: string; readonly steps?: string; readonly rest?: string } = {},
): string => `load:
  target: { baseUrl: "${url}" }
  ${o.rest ?? ""}
  scenarios:
    s: { executor: constant-arrival-rate, rate: 100, duration: 3s, steps: ${o.steps ?? "[{ name: x, http: /x }]"} }
  thresholds: ${o.thresholds ?? '{ response_time: ["p(95)<2s"] }'}
`;

describe("loadline load against what gives no evidence", () => {
  let target: ReferenceTarget;
  beforeAll(async () => void (target = await startReferenceTarget()));
  afterAll(() => target[Symbol.asyncDispose]());

  async function load(text: string): Promise<Ended & { readonly cwd: string }> {
    const cwd = emptyDir();
    writeFileSync(join(cwd, "plan.yaml"), text);
    return { ...(await runCli(cwd, ["load", "plan.yaml", "--json"])), cwd };
  }

  it("a closed port fails every claim, n is whole, and the bundle verifies", async (context) => {
    const ended = await load(planOf(`http://127.0.0.1:${await freePort()}`));
    const verdict = verdictOf(ended);
    const all = ["all.response_time.p95", "load.alive", "load.errors"];
    expect(claimsThat(verdict, "failed").sort()).toEqual(decidable(verdict, all));
    expect(claimsThat(verdict, "passed")).toEqual([]);
    expect(verdict.claims.find(({ id }) => id === "load.errors")).toMatchObject({
      n: 300,
      bad: 300,
    });
    expect(ended.code).toBe(verdict.exitCode);
    expect((await runCli(ended.cwd, ["verify", runDirOf(ended.cwd)])).code).toBe(0);
    skipIfOpen(context, verdict, all);
    expect(ended.code).toBe(1);
  });

  it("a target that answers 401 to everything, in no time, fails every claim", async (context) => {
    await target.configure({ token: "somebody else's" });
    const ended = await load(planOf(target.url));
    const verdict = verdictOf(ended);
    expect(claimsThat(verdict, "passed")).toEqual([]);
    expect(ended.code).toBe(verdict.exitCode);
    const all = ["all.response_time.p95", "load.alive"];
    expect(claimsThat(verdict, "failed")).toEqual(expect.arrayContaining(decidable(verdict, all)));
    skipIfOpen(context, verdict, all);
    expect(ended.code).toBe(1);
  });

  it("a target that answers is passed by the same plan: the failures above are the target's", async (context) => {
    await target.configure({});
    const verdict = verdictOf(await load(planOf(target.url)));
    expect(claimsThat(verdict, "failed")).toEqual([]);
    skipUnlessPassed(context, verdict, ["all.response_time.p95", "load.alive"]);
  });

  it("a tag that no request has is refused before anything is sent", async () => {
    await target.configure({});
    const ended = await load(
      planOf(target.url, { thresholds: '{ "response_time{step:y}": ["p(95)<2s"] }' }),
    );
    expect(ended.code).toBe(78);
    expect(ended.err).toContain("step");
    expect((await target.truth()).requests).toEqual({});
  });

  const trace = (rows: readonly number[]): string =>
    rows
      .map((timestamp) => `{"timestamp":${timestamp},"input_length":4,"output_length":4}\n`)
      .join("");
  const replay = (url: string): string =>
    planOf(url).replace(
      /s: \{.*/,
      "s: { executor: trace-replay, trace: t.jsonl, format: mooncake, request: { llm: { chat: { model: m, prompt: a } } } }",
    );
  it.each<[string, (url: string) => string, Record<string, string>, number, RegExp]>([
    [
      "a key with a typo",
      (url) => planOf(url, { rest: "seeds: 7" }),
      {},
      78,
      /LL_LOAD_PLAN_INVALID .*load\.seeds: unknown key\. Did you mean "seed"\? \(.*plan\.yaml:3\)/,
    ],
    [
      "a metric that is not one",
      (url) => planOf(url, { thresholds: '{ respons_time: ["p(95)<2s"] }' }),
      {},
      78,
      /LL_LOAD_METRIC_UNKNOWN .*Did you mean "response_time"\? \(.*plan\.yaml:6\)/,
    ],
    [
      "a threshold that its samples never decide",
      (url) => planOf(url, { thresholds: '{ response_time: ["p(99.9)<2s"] }' }),
      {},
      2,
      /LL_PLAN_CANNOT_PROVE all\.response_time\.p99_9: 300 samples at most, 2995 needed/,
    ],
    [
      "a trace of four rows, which would decide nothing",
      replay,
      { "t.jsonl": trace([0, 10, 20, 30]) },
      2,
      /LL_PLAN_CANNOT_PROVE .*: 4 samples at most, 59 needed.*\nBring more samples/,
    ],
    [
      "a trace that goes back in time",
      replay,
      { "t.jsonl": trace([0, 10, 5]) },
      78,
      /LL_LOAD_TRACE_INVALID t\.jsonl: Line 3 of the trace goes back in time/,
    ],
    [
      "a feeder with a broken line",
      (url) => planOf(url, { rest: "feeders: { u: { csv: u.csv } }" }),
      { "u.csv": "id,q\n1,a\n2\n" },
      78,
      /LL_LOAD_FEED_INVALID u\.csv:3: 1 fields where the header has 2/,
    ],
    [
      "a feeder that is not UTF-8",
      (url) => planOf(url, { rest: "feeders: { u: { csv: u.csv } }" }),
      { "u.csv": "id\n1\n\xff\n" },
      78,
      /LL_LOAD_FEED_INVALID u\.csv:3: not UTF-8/,
    ],
  ])(
    "%s is refused with its place, and the target hears nothing",
    async (_what, text, files, code, said) => {
      await target.configure({});
      const cwd = emptyDir();
      writeFileSync(join(cwd, "plan.yaml"), text(target.url));
      for (const [name, content] of Object.entries(files)) {
        writeFileSync(join(cwd, name), Buffer.from(content, "latin1"));
      }
      const ended = await runCli(cwd, ["load", "plan.yaml", "--json"]);
      expect([ended.code, ended.out]).toEqual([code, ""]);
      expect(ended.err).toMatch(said);
      expect((await target.truth()).connections).toBe(0);
    },
  );

  it("a step that is never reached is not tested, however well the others go", async () => {
    await target.configure({});
    const steps = "[{ name: x, http: /x }, { name: never, when: status_429, http: /never }]";
    const thresholds = '{ "response_time{step:never}": [{ threshold: "p(50)<2s", id: never }] }';
    const ended = await load(planOf(target.url, { steps, thresholds }));
    const verdict = verdictOf(ended);
    expect(verdict.claims.find(({ id }) => id === "never")).toMatchObject({
      verdict: "not_tested",
      n: 0,
    });
    // Asked once before the load, to learn whether the target has it at all.
    expect((await target.truth()).requests["/never"]).toBeLessThanOrEqual(1);
    expect(ended.code).toBe(2);
  });

  it("a scenario whose time has no measured arrival is refused as unprovable, nothing is sent", async () => {
    await target.configure({});
    const text = planOf(target.url).replace(
      "rate: 100, duration: 3s",
      'rate: "1/h", duration: 1s, startTime: 0s, warmup: 900ms',
    );
    const ended = await load(text);
    expect(ended.code).toBe(2);
    expect(ended.err).toContain("LL_PLAN_CANNOT_PROVE");
    expect((await target.truth()).requests).toEqual({});
  });
});
