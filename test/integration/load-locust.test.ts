import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import {
  serviceTimes,
  startReferenceTarget,
} from "../../packages/testkit/src/reference-target/index.ts";
import { readForeign } from "../../packages/validator/src/load/interop/index.ts";
import { rateSample, slowSample } from "../../packages/validator/src/load/interop/samples.ts";
import { claimsThat, emptyDir, runCli, verdictOf } from "./cli-process.ts";
import { ranksOff } from "./load/ranks.ts";
import { judgeRounds, unless } from "./load/rounds.ts";
import { runTool } from "./load/tool.ts";
import { notTested, skipNotTested } from "./machine.ts";

const parts = await requireParts(["locust"]);

const script = `
from locust import HttpUser, constant, task

class Caller(HttpUser):
    wait_time = constant(0.02)

    @task
    def x(self):
        self.client.get("/x")
`;

const mix = { chat: 50, documents: 30, tools: 20 } as const;

/** The mix, for Loadline and for a Locust script that takes its weights from it. */
const mixPlan = {
  accept: "imported",
  load: {
    target: { baseUrl: "http://127.0.0.1:1" },
    scenarios: {
      users: {
        executor: "constant-vus",
        vus: 50,
        duration: "2s",
        think: "100ms..400ms",
        mix: Object.fromEntries(
          Object.entries(mix).map(([name, weight]) => [
            name,
            { weight, steps: [{ name, http: `/${name}` }] },
          ]),
        ),
      },
    },
    thresholds: { errors: [{ threshold: "rate<20%", id: "locust.errors" }] },
  },
};

const mixScript = `
import json
from locust import HttpUser, between

plan = json.load(open("plan.json"))
parts = plan["load"]["scenarios"]["users"]["mix"]

def call(path):
    return lambda user: user.client.get(path)

class Mixed(HttpUser):
    wait_time = between(0.1, 0.4)
    tasks = {call(part["steps"][0]["http"]): part["weight"] for part in parts.values()}
`;

describe.skipIf(parts.missing)("a real Locust against a target that knows the truth", () => {
  it("the JSON's buckets hold the target's own counts within their half-widths, the CSV its ranks", async (context) => {
    await judgeRounds(context, measure);
  });

  /** Holds hard what is so on any machine; returns what of the figures is off. */
  async function measure(): Promise<readonly string[]> {
    // One of its own for each round: what Locust leaves under way is counted when it ends.
    await using target = await startReferenceTarget();
    await target.configure({
      delayMs: 20,
      slow: { share: 0.07, delayMs: 400 },
      errors: { share: 0.03, status: 503 },
    });
    const dir = emptyDir();
    writeFileSync(join(dir, "l.py"), script);
    const args = [
      "-f",
      "l.py",
      "--headless",
      "-u",
      "8",
      "-r",
      "8",
      "-t",
      "4s",
      "--host",
      target.url,
    ];
    const ended = await runTool(
      parts.found("locust").path,
      [...args, "--json", "--csv", "out", "--csv-full-history"],
      dir,
    );
    const truth = await target.truth();
    const times = serviceTimes(truth);
    const failed = truth.statuses["503"] ?? 0;
    // A machine that is busy starts Locust so late that nothing of its four seconds is left.
    if (failed < 8) return [`the target saw ${times.length} requests, ${failed} of them failed`];
    // Its exit code says that requests failed: data, not a verdict.
    expect(ended.code, ended.err).toBe(1);
    const json = readForeign([{ name: "locust.json", text: ended.out }]);
    // Locust ends its users in the middle of a request, so the target may have seen some more.
    const reported = json.metrics.get("http_reqs")?.count ?? 0;
    expect(times.length - reported).toBeGreaterThanOrEqual(0);
    expect(times.length - reported).toBeLessThanOrEqual(8);
    const rate = rateSample(json, "http_req_failed", true);
    if ("missing" in rate) throw new Error(rate.missing);
    expect(failed - rate.sure).toBeLessThanOrEqual(8);
    expect(rate.sure).toBeLessThanOrEqual(failed);
    const slow = times.filter((ms) => ms >= 200).length;
    const sample = slowSample(json, "http_req_duration", 200);
    if ("missing" in sample) throw new Error(sample.missing);
    const figures = json.metrics.get("http_req_duration")?.figures ?? {};
    // Half of the last of two digits, and what Python itself adds on a busy machine.
    const bounds = { tool: "Locust", belowMs: 6, aboveMs: 30 };
    const csv = readForeign(
      ["stats", "stats_history", "failures", "exceptions"].map((name) => ({
        name: `out_${name}.csv`,
        text: readFileSync(join(dir, `out_${name}.csv`), "utf8"),
      })),
    );
    const lagging = csv.metrics.get("http_reqs")?.count ?? 0;
    expect(lagging).toBeLessThanOrEqual(reported);
    const ranks = slowSample(csv, "http_req_duration", 200);
    if ("missing" in ranks) throw new Error(ranks.missing);
    expect(ranks.sure).toBeLessThanOrEqual(sample.possible);
    expect(ranks.possible).toBeGreaterThanOrEqual(sample.sure - (reported - lagging));
    expect(csv.failures.some(({ text }) => text.includes("503"))).toBe(true);
    const { sure, possible } = sample;
    expect(sure).toBeLessThanOrEqual(slow + failed + times.length / 4);
    return [
      ...unless(possible >= slow - 8, `Locust says ${possible} may be slow, the target ${slow}`),
      ...unless(sure <= slow + failed, `Locust says ${sure} are surely slow, the target ${slow}`),
      ...ranksOff(figures, times, bounds),
    ];
  }

  it("50 users and one plan of 50, 30 and 20 %: the observed mix is within 2 %, and a Locust driven from that plan is read back whole [R2-07]", async (context) => {
    await using target = await startReferenceTarget();
    await using other = await startReferenceTarget();
    await Promise.all([target, other].map((one) => one.configure({ delayMs: 5 })));
    const dir = emptyDir();
    writeFileSync(join(dir, "mix.py"), mixScript);
    writeFileSync(join(dir, "plan.json"), JSON.stringify(mixPlan));
    const tool = parts.found("locust").path;
    const flags = ["--users", "50", "--duration", "4s", "--target", other.url, "--json"];
    const [own, driven] = await Promise.all([
      runCli(dir, ["load", "plan.json", "--target", target.url, "--json"]),
      runCli(dir, [
        "load",
        "drive",
        "locust",
        "mix.py",
        "--tool",
        tool,
        "--plan",
        "plan.json",
        ...flags,
      ]),
    ]);

    const { requests } = await target.truth();
    // One of each kind goes before the load, to learn whether its route is there.
    const counts = Object.keys(mix).map((name) => (requests[`/${name}`] ?? 0) - 1);
    const all = counts.reduce((sum, count) => sum + count, 0);
    expect(all, own.err).toBeGreaterThan(100);
    Object.values(mix).forEach((percent, i) => {
      expect(Math.abs(((counts[i] ?? 0) / all) * 100 - percent), own.err).toBeLessThan(2);
    });
    const { guards } = verdictOf(own);
    const guard = guards.find(({ guard: id }) => id === "guard.load.mix");
    expect(guard).toMatchObject({ holds: true, seen: expect.stringContaining("limit 2") });

    const seen = (await other.truth()).requests;
    const total = Object.values(seen).reduce((sum, count) => sum + count, 0);
    if (total < 100) skipNotTested(context, [notTested("a Locust's mix", `${total} requests`)]);
    expect(Object.keys(seen).sort()).toEqual(
      Object.keys(mix)
        .map((name) => `/${name}`)
        .sort(),
    );
    const imported = verdictOf(driven).claims.find(({ id }) => id === "locust.errors");
    expect(imported, driven.err).toMatchObject({ verdict: "passed", bad: 0 });
    // Locust ends its users in the middle of a request, so the target may have seen some more.
    expect(total - (imported?.n ?? 0)).toBeGreaterThanOrEqual(0);
    expect(total - (imported?.n ?? 0)).toBeLessThanOrEqual(50);
  });

  it("driven at a dead target: nothing passes, whatever its fast failures look like", async () => {
    const dead = `http://127.0.0.1:${await freePort()}`;
    const dir = emptyDir();
    writeFileSync(join(dir, "l.py"), script);
    writeFileSync(
      join(dir, "p.yaml"),
      'accept: imported\nthresholds: { service_time: "p(95)<1s", errors: "rate<1%" }\n',
    );
    const tool = parts.found("locust").path;
    const argv = ["load", "drive", "locust", "l.py", "--tool", tool, "--plan", "p.yaml"];
    const flags = ["--users", "4", "--duration", "2s", "--target", dead, "--json"];
    const ended = await runCli(dir, [...argv, ...flags]);
    const verdict = verdictOf(ended);
    expect(claimsThat(verdict, "passed")).toEqual([]);
    expect(claimsThat(verdict, "failed").sort()).toContain("load.alive");
    expect(ended.code).toBe(1);
  });
});
