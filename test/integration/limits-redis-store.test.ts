import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Bench,
  type BenchOptions,
  openBench,
} from "../../packages/gateway/src/limits/limits.fixture.ts";
import { describeLimits } from "../../packages/gateway/src/limits/limits.suite.fixture.ts";
import { eventually } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type RunningRedis, startRedis } from "../../packages/testkit/src/redis/index.ts";

const parts = await requireParts(["redis"], { rows: ["R0-04"] });
const clock = systemClock();
const readyMs = 5000;

describe.skipIf(parts.missing)("limits in a real Redis", () => {
  let redis: RunningRedis;
  let used = 0;
  beforeAll(async () => void (redis = await startRedis(parts.found("redis").path, { clock })));
  afterAll(() => redis[Symbol.asyncDispose]());

  /** A replica on a database of its own, so that no test sees another's limiters. */
  const open = async (o: Omit<BenchOptions, "clock">): Promise<Bench> => {
    const bench = openBench({ ...o, clock, redis: { url: `${redis.url}/${used++}`, ...o.redis } });
    await eventually(clock, () => bench.limits.status().mode === "shared", readyMs);
    return bench;
  };

  describeLimits({ clock, open, pass: (ms) => clock.sleep(ms) });

  it("two replicas admit together exactly what one would", async () => {
    const limits = [
      { scope: "key", resource: "requests", limit: 60, period: "1h", burst: 40 },
      { scope: "global", resource: "money", limit: 0.03, period: "total" },
    ] as const;
    const prices = { m: { input: 0, output: 1000 } };
    const url = `${redis.url}/15`;
    await using one = await open({ limits: [...limits], prices, redis: { url, replica: "one" } });
    await using two = await open({ limits: [...limits], prices, redis: { url, replica: "two" } });
    const all = await Promise.all(
      Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? one : two).call({ maxTokens: 1 })),
    );
    expect(all.filter(({ refusal }) => !refusal)).toHaveLength(30);
  });

  it("a script that Redis has forgotten is sent again", async () => {
    await using bench = await open({
      limits: [{ scope: "key", resource: "requests", limit: 60, period: "1h", burst: 2 }],
    });
    expect((await bench.call()).refusal).toBeUndefined();
    await redis.command("SCRIPT FLUSH SYNC");
    expect((await bench.call()).refusal).toBeUndefined();
    expect(bench.limits.status().mode).toBe("shared");
    expect((await bench.call()).refusal?.code).toBe("LL_LIMIT_REQUESTS");
  });
});
