import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import {
  type ReferenceTarget,
  serviceTimes,
  startReferenceTarget,
} from "../../packages/testkit/src/reference-target/index.ts";
import { readForeign } from "../../packages/validator/src/load/interop/index.ts";
import { rateSample, slowSample } from "../../packages/validator/src/load/interop/samples.ts";
import { claimsThat, emptyDir, runCli, verdictOf } from "./cli-process.ts";
import { expectRanks } from "./load/ranks.ts";
import { runTool } from "./load/tool.ts";
import { machinePressurePercent, notTested, pressurePercentMax, skipNotTested } from "./machine.ts";

const parts = await requireParts(["k6"]);

const script = (url: string): string => `
import http from "k6/http";
export const options = {
  scenarios: { s: { executor: "constant-arrival-rate", rate: 100, timeUnit: "1s", duration: "4s", preAllocatedVUs: 60 } },
  thresholds: { http_req_duration: ["p(95)<1000"], http_req_failed: ["rate<0.5"] },
};
export default function () { http.get("${url}/x"); }
`;

describe.skipIf(parts.missing)("a real k6 against a target that knows the truth", () => {
  let target: ReferenceTarget;
  beforeAll(async () => void (target = await startReferenceTarget()));
  afterAll(() => target[Symbol.asyncDispose]());
  const k6 = (dir: string, args: readonly string[]) =>
    runTool(parts.found("k6").path, ["run", "--no-usage-report", "--quiet", ...args], dir);

  /** A folder with the script that a plan is exported to. */
  async function exportedTo(plan: string): Promise<string> {
    const dir = emptyDir();
    writeFileSync(join(dir, "plan.yaml"), plan);
    const exported = await runCli(dir, ["load", "export", "k6", "plan.yaml", "--out", "s.js"]);
    expect(exported.code, exported.err).toBe(0);
    return dir;
  }

  it("its imported figures hold the target's own counts within their bounds, failures as over", async (context) => {
    const open: string[] = [];
    const dir = emptyDir();
    writeFileSync(join(dir, "s.js"), script(target.url));
    for (const mode of [[], ["--new-machine-readable-summary"]]) {
      await target.configure({
        delayMs: 20,
        slow: { share: 0.07, delayMs: 400 },
        errors: { share: 0.02, status: 503 },
      });
      const ended = await k6(dir, [...mode, "--summary-export", "out.json", "s.js"]);
      expect(ended.code, ended.err).toBe(0);
      const run = readForeign([
        { name: "out.json", text: readFileSync(join(dir, "out.json"), "utf8") },
      ]);
      const truth = await target.truth();
      const times = serviceTimes(truth);
      const failed = truth.statuses["503"] ?? 0;
      expect(rateSample(run, "http_req_failed", true)).toMatchObject({
        n: times.length,
        sure: failed,
        possible: failed,
      });
      const slow = times.filter((ms) => ms >= 200).length;
      const sample = slowSample(run, "http_req_duration", 200);
      if ("missing" in sample) throw new Error(sample.missing);
      expect(sample.n).toBe(times.length);
      // A failed request may also be a slow one.
      expect(sample.sure).toBeLessThanOrEqual(slow + failed);
      expect(sample.possible).toBeGreaterThanOrEqual(slow);
      expect(sample.sure).toBeGreaterThanOrEqual(Math.floor(times.length * 0.04));
      expect(sample.possible).toBeLessThan(times.length * 0.15);
      const figures = run.metrics.get("http_req_duration")?.figures ?? {};
      open.push(...expectRanks(figures, times, { tool: "k6", belowMs: 1, aboveMs: 15 }));
    }
    skipNotTested(context, open);
  });

  it("driven at a dead target: k6 keeps its own latency threshold, here nothing passes", async () => {
    const dead = await startReferenceTarget();
    await dead[Symbol.asyncDispose]();
    const dir = emptyDir();
    writeFileSync(
      join(dir, "s.js"),
      script(dead.url).replace(', http_req_failed: ["rate<0.5"]', ""),
    );
    writeFileSync(
      join(dir, "p.yaml"),
      'accept: imported\nthresholds: { http_req_duration: "p(95)<1s" }\n',
    );
    const tool = parts.found("k6").path;
    const argv = ["load", "drive", "k6", "s.js", "--tool", tool, "--plan", "p.yaml"];
    const shown = await runCli(dir, argv);
    // Measured: exit code 0 for a target that never answered.
    expect(shown.err).toContain("ended with 0");
    expect(shown.out).toContain("http_req_duration p(95)<1000 kept");
    const ended = await runCli(dir, [...argv, "--json"]);
    const verdict = verdictOf(ended);
    expect(claimsThat(verdict, "passed")).toEqual([]);
    expect(claimsThat(verdict, "failed")).toContain("import.http_req_duration.p_95");
    expect(claimsThat(verdict, "failed")).toContain("load.alive");
    expect(ended.code).toBe(1);
  });

  it("an exported plan runs in k6, counts what the target counted, and its results decide the plan's claims", async () => {
    await target.configure({ delayMs: 20, token: "sesame" });
    const dir = emptyDir();
    writeFileSync(join(dir, "words.csv"), 'q\nx y\nb&c\n"d""e"\n');
    writeFileSync(join(dir, "plan.yaml"), exportedPlan(target.url));
    const exported = await runCli(dir, ["load", "export", "k6", "plan.yaml", "--out", "s.js"]);
    expect(exported.code, exported.err).toBe(0);
    expect(readFileSync(join(dir, "s.js"), "utf8")).not.toContain("sesame");
    const refused = await k6(dir, ["s.js"]);
    expect(`${refused.out}${refused.err}`).toContain("give -e GW_KEY=");
    expect((await target.truth()).requests).toEqual({});

    const ran = await k6(dir, ["-e", "GW_KEY=sesame", "s.js"]);
    expect(ran.code, ran.err).toBe(0);
    const { requests, statuses } = await target.truth();
    const run = readForeign([{ name: "k6.log", text: ran.out }]);
    const total = Object.values(requests).reduce((sum, count) => sum + count, 0);
    expect(run.exact?.requests).toBe(total);
    expect(statuses).toEqual({ "200": total });
    expect(run.exact?.ok["browse"]).toEqual({
      n: (requests["/list"] ?? 0) + (requests["/make"] ?? 0),
      ok: (requests["/list"] ?? 0) + (requests["/make"] ?? 0),
    });
    const make = run.exact?.rows.find(({ id }) => id.includes("make"));
    expect(make).toMatchObject({ n: requests["/make"], over: 0 });
    // 70 : 30 exact to one block of ten.
    const [read = 0, ask = 0] = [requests["/read"], requests["/ask"]];
    expect(Math.abs(ask - (read + ask) * 0.3)).toBeLessThanOrEqual(10);

    writeFileSync(join(dir, "k6.log"), ran.out);
    const argv = ["load", "import", "k6.log", "--plan", "plan.yaml", "--json"];
    const verdict = verdictOf(await runCli(dir, argv));
    expect(claimsThat(verdict, "passed").sort()).toEqual([
      "all.errors.rate",
      "browse.make.response_time.p90",
      "load.alive",
      "made.slow",
    ]);
  });

  it("two halves of an exported ramp keep its schedule, and their counts add up to the target's", async (context) => {
    await target.configure({ delayMs: 5 });
    const dir = await exportedTo(
      `load:
  target: { baseUrl: "${target.url}" }
  scenarios:
    up:
      executor: ramping-arrival-rate
      startRate: 0
      stages: [{ duration: 2s, target: 40 }, { duration: 1s, target: 10, step: true }, { duration: 1s, target: 0 }]
      steps: [{ http: /x }]
  thresholds: { response_time: ["p(50)<2s"] }
`,
    );
    const halves = ["0:1/2", "1/2:1"].map((half) =>
      k6(dir, ["--execution-segment", half, "--execution-segment-sequence", "0,1/2,1", "s.js"]),
    );
    const logs = (await Promise.all(halves)).map(({ out }, i) => ({ name: `${i}.log`, text: out }));
    const { exact } = readForeign(logs);
    const { requests } = await target.truth();
    expect(exact?.scripts).toBe(2);
    // The area of the ramp: 40 + 10 + 5.
    expect(Math.abs((requests["/x"] ?? 0) - 55)).toBeLessThanOrEqual(2);
    expect(exact?.requests).toBe(requests["/x"]);
    const rows = exact?.rows.filter(({ id }) => id.includes("response_time")) ?? [];
    expect(rows.reduce((sum, { n }) => sum + n, 0)).toBe(requests["/x"]);
    // A due time that is not k6's own would show as lateness of a whole gap: 100 ms and more.
    const [lagMs, pressure] = [exact?.lagP99Ms ?? Number.NaN, machinePressurePercent()];
    if (lagMs >= 90 && pressure > pressurePercentMax)
      skipNotTested(context, [notTested("k6's due times are ours", `PSI ${pressure} %`)]);
    expect(lagMs).toBeLessThan(90);
  });

  it("what k6 drops for lack of users was due: an exported script counts it as over, and n is whole", async () => {
    await target.configure({ delayMs: 100 });
    const dir = await exportedTo(
      `load:
  target: { baseUrl: "${target.url}" }
  scenarios:
    s: { executor: constant-arrival-rate, rate: 100, duration: 3s, preAllocatedVUs: 5, maxVUs: 5, steps: [{ http: /x }] }
  thresholds: { response_time: ["p(90)<50s"] }
`,
    );
    const ran = await k6(dir, ["s.js"]);
    const exact = readForeign([{ name: "k6.log", text: ran.out }]).exact;
    const sent = (await target.truth()).requests["/x"] ?? 0;
    // Five users of 100 ms each carry half of it.
    expect(sent).toBeLessThan(200);
    const row = exact?.rows.find(({ id }) => id.includes("response_time"));
    const n = row?.n ?? 0;
    // k6 starts one more than the duration holds at times.
    expect(Math.abs(n - 300)).toBeLessThanOrEqual(1);
    expect(row?.over).toBe(n - sent);
    expect(exact?.ok["s"]).toEqual({ ok: sent, n: sent });
  });
});

const exportedPlan = (url: string): string => `
accept: imported
load:
  target: { baseUrl: "${url}", auth: { bearer: "\${env:GW_KEY}" } }
  feeders: { words: { csv: words.csv, order: shuffle } }
  scenarios:
    browse:
      executor: constant-arrival-rate
      rate: 50
      duration: 3s
      feed: words
      steps:
        - { name: list, http: "/list?q=\${feed.q}" }
        - { check: { name: fine, required: true, status: 200, json: { ok: true } } }
        - { sleep: 10ms..20ms }
        - { name: make, when: ok, http: { path: /make, json: { n: "\${iteration}", q: "a \${feed.q}" } } }
        - { name: never, when: status_429, http: /never }
    users:
      executor: constant-vus
      vus: 3
      duration: 2s
      think: 20ms
      mix:
        read: { weight: 70, steps: [ { name: read, http: /read } ] }
        ask: { weight: 30, steps: [ { name: ask, http: { method: PUT, path: /ask, body: "hi \${vu}" } } ] }
  thresholds:
    "response_time{scenario:browse}": [{ threshold: "p(90)<5s", id: made.slow }]
    "response_time{scenario:browse,step:make}": ["p(90)<5s"]
    errors: ["rate<20%"]
`;
