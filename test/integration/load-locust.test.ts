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

const parts = await requireParts(["locust"]);

const script = `
from locust import HttpUser, constant, task

class Caller(HttpUser):
    wait_time = constant(0.02)

    @task
    def x(self):
        self.client.get("/x")
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
