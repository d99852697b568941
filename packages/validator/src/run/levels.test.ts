import { bindJob, findProfile, jobOfProfile, profileManifestSchema } from "../load/index.ts";
import { afterEach, describe, expect, it } from "vitest";
import { startRecordingTarget } from "../../../testkit/src/recording-target/index.ts";
import { readBundle } from "../evidence/read-bundle.ts";
import { loadDeps, removeRuns } from "./load-job.fixture.ts";
import { runLoadJob } from "./run-load-job.ts";

afterEach(removeRuns);

const business = ["/items", "/orders"];
const routes = business.map((path) => ({ name: path.slice(1), path }));

describe("the profile of levels", () => {
  it("holds 5, 20 and 100 users and the ladder up to them on the business routes; health and metrics are asked beside [R4-15]", async () => {
    await using target = await startRecordingTarget();
    const job = jobOfProfile(findProfile("levels"), {
      load: { target: { baseUrl: target.url }, seed: 7 },
      name: target.url,
      manifest: profileManifestSchema.parse({
        model: "m",
        routes,
        health: "/health",
        metrics: "/metrics",
      }),
      terms: { durationMs: 900 },
      explore: true,
    });
    const { verdict, runDir } = await runLoadJob(bindJob(job), loadDeps());
    const count = (path: string): number => target.seen.filter((one) => one.path === path).length;
    const asked = business.map(count);
    const share = Math.min(...asked) / Math.max(...asked);
    expect(share).toBeGreaterThan(0.8);
    for (const path of ["/health", "/metrics"]) {
      expect(count(path)).toBeGreaterThanOrEqual(3);
      expect(count(path)).toBeLessThan(Math.min(...asked));
    }
    expect(target.seen.length).toBe(
      [...business, "/health", "/metrics"].reduce((n, path) => n + count(path), 0),
    );
    const log = Buffer.from((await readBundle(runDir)).get("evidence.jsonl") ?? []).toString(
      "utf8",
    );
    const sizes = /"sizes":(\[.*?\}\])/.exec(log)?.[1] ?? "[]";
    const held = JSON.parse(sizes) as readonly { users: number; ok: number }[];
    expect(held.map(({ users }) => users)).toEqual([1, 5, 20, 100]);
    for (const { ok } of held) expect(ok).toBeGreaterThan(0);
    const byLevel = ["light", "medium", "high"].map((level) =>
      verdict.claims.filter(({ id, n }) => id.includes(`.${level}.`) && n !== null && n > 0),
    );
    // p95 of both routes, of health and of metrics under each level.
    expect(byLevel.map((claims) => claims.length)).toEqual([4, 4, 4]);
  }, 60_000);
});
