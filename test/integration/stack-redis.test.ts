import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { parsePlanFile, runValidation } from "@loadline/validator";
import { describe, expect, it } from "vitest";
import { eventually } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { startRedisCluster, startRedisSentinel } from "../../packages/testkit/src/redis/index.ts";

const sentinel = await requireParts(["redis-sentinel"], { rows: ["R1-04", "R1-36"] });
const cluster = await requireParts(["redis-cluster"], { rows: ["R1-04", "R1-36"] });
const clock = systemClock();

/** Verdict and sentence of every claim of a stack of this one cache. */
async function validate(cache: object): Promise<Record<string, string>> {
  const parsed = parsePlanFile(JSON.stringify({ stack: { services: { cache } } }));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const runsDir = mkdtempSync(join(tmpdir(), "loadline-stack-redis-"));
  const { verdict } = await runValidation(parsed.plan, {
    clock,
    random: systemRandom(),
    runsDir,
    toolVersion: "0",
    reporters: [],
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  rmSync(runsDir, { recursive: true, force: true });
  return Object.fromEntries(
    verdict.claims.map((claim) => [
      claim.id.replace("stack.cache.", ""),
      `${claim.verdict}: ${claim.sentence ?? ""}`,
    ]),
  );
}

const notPassed = (said: Readonly<Record<string, string>>): string[] =>
  Object.entries(said).flatMap(([id, word]) =>
    word.startsWith("passed") ? [] : [`${id} ${word}`],
  );

describe.skipIf(sentinel.missing)("Redis behind sentinels", () => {
  it("is written to and read from through its master, and a replica too few is told [R1-36]", async () => {
    await using watched = await startRedisSentinel(sentinel.found("redis-sentinel").path, {
      clock,
    });
    const [url] = watched.sentinelUrls;
    const cache = { kind: "redis", url, topology: "sentinel", replicas: 1 };
    const said = await validate(cache);
    expect(notPassed(said)).toEqual([]);
    expect(said["topology"]).toContain("1 of 1 watched masters are in order");
    const missing = await validate({ ...cache, replicas: 9 });
    expect(missing["replicas"]).toMatch(/^failed: .* of \d replicas follow/);
  }, 60_000);
});

describe.skipIf(cluster.missing)("a cluster of Redis", () => {
  it("is written to where each key lives, and a dead member is told [R1-36]", async () => {
    await using made = await startRedisCluster(cluster.found("redis-cluster").path, { clock });
    const [url] = made.urls;
    const cache = { kind: "redis", url, topology: "cluster", replicas: 1 };
    const said = await validate(cache);
    expect(notPassed(said)).toEqual([]);
    expect(said["topology"]).toContain("16384 of 16384 slots");
    const single = await validate({ ...cache, topology: "single" });
    expect(single["topology"]).toBe("failed: It is run as cluster.");
    await made.nodes.at(-1)?.kill();
    const isTold = async () =>
      /^failed: .*1 of 6 nodes fail/.test((await validate(cache))["topology"] ?? "");
    await eventually(clock, isTold, 20_000);
  }, 90_000);
});
