import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readRecord } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { afterEach, describe, expect, it } from "vitest";
import { startScriptedServer } from "../../../testkit/src/stall-server/index.ts";
import { jobOfFile } from "../load/job-of-file.ts";
import { planFolder } from "../load/plan/run.fixture.ts";
import { removeRuns, runJob } from "./load-job.fixture.ts";

afterEach(removeRuns);

const clock = systemClock();
const answered = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
/** Three requests and a pause of 20 ms in each iteration. */
const steps =
  "[{ name: a, http: /a }, { repeat: { times: 2, steps: [{ name: b, http: /b }] } }, { sleep: 20ms }]";

type Threshold = readonly [metric: string, expression: string];

/**
 * The evidence of each threshold on this scenario, in their order: whether the figure holds, or why
 * there is none, or the counts. What a busy machine's guards make of it is another matter.
 */
async function seen(
  url: string,
  scenario: string,
  thresholds: readonly Threshold[],
): Promise<unknown[]> {
  using folder = planFolder();
  const lines = thresholds.map(
    ([metric, expression], at) => `    "${metric}": [{ threshold: "${expression}", id: t${at} }]`,
  );
  const file = await folder.compile(`load:
  target: { baseUrl: "${url}" }
  scenarios: { s: ${scenario} }
  thresholds:
${lines.join("\n")}
`);
  const job = jobOfFile(file, { profile: "test", explore: true });
  const { runDir } = await runJob({ ...job, load: { ...job.load, probe: false } });
  const text = readFileSync(join(runDir, "evidence.jsonl"), "utf8");
  const records = text
    .split("\n")
    .map((line) => (line === "" ? null : readRecord(JSON.parse(line))));
  return thresholds.map((_, at) => {
    const own = records.find(
      (record) => record?.kind !== "sample.closed" && record?.claims?.includes(`t${at}`) === true,
    );
    const { ok, reason, n, bad, badBy } = (own?.data ?? {}) as Readonly<Record<string, unknown>>;
    return ok ?? reason ?? { n, bad, badBy };
  });
}

describe("figures of iterations and users", () => {
  it("an iteration of three requests is one, and lasts as long as all of it", async () => {
    await using server = await startScriptedServer(() => answered);
    const scenario = `{ executor: shared-iterations, vus: 2, iterations: 30, maxDuration: 60s, steps: ${steps} }`;
    const found = await seen(server.url, scenario, [
      ["iterations", "count==30"],
      ["http_reqs", "count==90"],
      ["due", "count==90"],
      ["iteration_duration", "min>=15"],
      ["vus_max", "value==2"],
    ]);
    expect(found).toEqual([true, true, true, true, true]);
    expect(server.requests).toHaveLength(90);
  });

  it("an iteration whose request fails is over every limit on its length", async () => {
    await using server = await startScriptedServer((_n, _socket, text) =>
      text.startsWith("GET /b") ? "HTTP/1.1 500 no\r\ncontent-length: 0\r\n\r\n" : answered,
    );
    const scenario = `{ executor: shared-iterations, vus: 2, iterations: 20, maxDuration: 60s, steps: ${steps} }`;
    const found = await seen(server.url, scenario, [
      ["iteration_duration", "p(95)<60s"],
      ["iterations", "count==20"],
    ]);
    expect(found).toEqual([{ n: 20, bad: 20, badBy: { iteration: 20 } }, true]);
  });

  it("iterations that never come to an end are no iterations, and over every limit", async () => {
    await using server = await startScriptedServer(() => undefined);
    const scenario = `{ executor: per-vu-iterations, vus: 5, iterations: 1, maxDuration: 300ms, gracefulStop: 100ms, steps: ${steps} }`;
    const [length, count] = await seen(server.url, scenario, [
      ["iteration_duration", "p(95)<60s"],
      ["iterations", "count>0"],
    ]);
    expect(length).toMatchObject({ n: 5, bad: 5 });
    expect(count).toBe(false);
  });

  it("arrivals that nobody was free for were due, and neither sent nor iterations", async () => {
    await using server = await startScriptedServer((_n, socket) => {
      clock.after(400, () => socket.write(answered));
      return undefined;
    });
    const scenario =
      "{ executor: constant-arrival-rate, rate: 200, duration: 500ms, maxVUs: 1, gracefulStop: 100ms, steps: [{ name: a, http: /a }] }";
    const found = await seen(server.url, scenario, [
      ["due", "count==100"],
      ["http_reqs", "count>=10"],
      ["iterations", "count>=10"],
    ]);
    const [due, sent, iterations] = found;
    expect([due, iterations]).toEqual([true, false]);
    // What waited at the end counts as perhaps sent: refused or not decided, never held.
    expect(sent).not.toBe(true);
    expect(server.requests.length).toBeLessThan(10);
  });

  it("users are counted once a second; a shorter run has no such figure", async () => {
    await using server = await startScriptedServer(() => answered);
    const users = (duration: string): string =>
      `{ executor: constant-vus, vus: 3, duration: ${duration}, steps: [{ name: a, http: /a }, { sleep: 50ms }] }`;
    expect(await seen(server.url, users("300ms"), [["vus", "value<100"]])).toEqual(["not_run"]);
    expect(await seen(server.url, users("5s"), [["vus", "value==3"]])).toEqual([true]);
  });

  it("users of a scenario that has ended are not added to those of the next", async () => {
    await using server = await startScriptedServer(() => answered);
    const users = (terms: string): string =>
      `{ executor: constant-vus, ${terms}, steps: [{ name: a, http: /a }, { sleep: 50ms }] }`;
    const first = users("vus: 3, duration: 1500ms");
    const next = users("vus: 2, duration: 5s, startTime: 1500ms");
    const found = await seen(server.url, `${first}, next: ${next}`, [
      ["vus", "value==2"],
      ["vus{scenario:s}", "value<=3"],
    ]);
    expect(found).toEqual([true, true]);
  });
});
