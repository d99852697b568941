import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { eventually } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { startRedisCluster, startRedisSentinel } from "../../packages/testkit/src/redis/index.ts";
import { quietest } from "./machine.ts";
import { claimsOf } from "./stack-claims.ts";

const sentinel = await requireParts(["redis-sentinel"], { rows: ["R1-04", "R1-36"] });
const cluster = await requireParts(["redis-cluster"], { rows: ["R1-04", "R1-36"] });
const clock = systemClock();

const notPassed = (said: Readonly<Record<string, string>>): string[] =>
  Object.entries(said).flatMap(([id, word]) =>
    word.startsWith("passed") ? [] : [`${id} ${word}`],
  );

/** What is said once nothing is open: a sentinel takes a master that waits for a CPU for dead. */
const settled = (service: object): ReturnType<typeof claimsOf> =>
  quietest(
    () => claimsOf(service),
    (said) => notPassed(said).length === 0,
  );

describe.skipIf(sentinel.missing)("Redis behind sentinels", () => {
  it("is written to and read from through its master, and a replica too few is told", async () => {
    await using watched = await startRedisSentinel(sentinel.found("redis-sentinel").path, {
      clock,
    });
    const [url] = watched.sentinelUrls;
    const cache = { kind: "redis", url, topology: "sentinel", replicas: 1 };
    const said = await settled(cache);
    expect(notPassed(said)).toEqual([]);
    expect(said["topology"]).toContain("1 of 1 watched masters are in order");
    const missing = await claimsOf({ ...cache, replicas: 9 });
    expect(missing["replicas"]).toMatch(/^failed false: .* of \d replicas follow/);
  }, 120_000);
});

describe.skipIf(cluster.missing)("a cluster of Redis", () => {
  it("is written to where each key lives, and a dead member is told", async () => {
    await using made = await startRedisCluster(cluster.found("redis-cluster").path, { clock });
    const [url] = made.urls;
    const cache = { kind: "redis", url, topology: "cluster", replicas: 1 };
    const said = await settled(cache);
    expect(notPassed(said)).toEqual([]);
    expect(said["topology"]).toContain("16384 of 16384 slots");
    const single = await claimsOf({ ...cache, topology: "single" });
    expect(single["topology"]).toBe("failed false: It is run as cluster.");
    await made.nodes.at(-1)?.kill();
    const isTold = async () =>
      /^failed false: .*1 of 6 nodes fail/.test((await claimsOf(cache))["topology"] ?? "");
    await eventually(clock, isTold, 60_000);
  }, 180_000);
});
