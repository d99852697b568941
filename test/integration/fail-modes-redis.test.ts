import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, startTcpProxy, type TcpProxy } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type RunningRedis, startRedis } from "../../packages/testkit/src/redis/index.ts";
import { expectOptional, runRounds } from "./fail-modes/expect-row.ts";
import { modeNames, modesOf } from "./fail-modes/modes.ts";
import { runRow } from "./fail-modes/row.ts";
import { type FailModeSubject, startSubject } from "./fail-modes/subject.ts";

const parts = await requireParts(["redis"]);
const clock = systemClock();
/** Eight times as long as the gateway waits. */
const slowMs = 400;
const readyMs = 30_000;

describe.skipIf(parts.missing)("Redis, an optional dependency", () => {
  let redis: RunningRedis;
  let proxy: TcpProxy;
  let subject: FailModeSubject;
  beforeAll(async () => {
    redis = await startRedis(parts.found("redis").path, { clock });
    proxy = await startTcpProxy({ clock, targetPort: redis.port });
    subject = await startSubject(clock, { redis: `redis://127.0.0.1:${proxy.port}` });
    const isShared = async () => (await subject.health()).states["redis"] === "ok";
    await eventually(clock, isShared, readyMs);
  }, 240_000);
  afterAll(async () => {
    redis.thaw();
    await subject[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  it.each(modeNames)(
    "%s under 50 calls a second: no 5xx, nothing waits for it, /health says so, back by itself",
    async (name) => {
      const degraded: boolean[] = [];
      const report = await runRounds({
        clock,
        subject,
        component: "redis",
        mode: modesOf(redis, proxy, slowMs)[name],
        whileAway: async () => void degraded.push((await subject.call()).isDegraded),
      });
      expect(new Set(degraded)).toEqual(new Set([true]));
      expectOptional(report);
    },
    240_000,
  );

  it("saboteur: a gateway that waits for as long as Redis takes is noticed", async () => {
    const stores = { redis: `redis://127.0.0.1:${proxy.port}`, redisTimeout: "5s" };
    await using waiting = await startSubject(clock, stores);
    const isShared = async () => (await waiting.health()).states["redis"] === "ok";
    await eventually(clock, isShared, readyMs);
    const row = {
      clock,
      subject: waiting,
      component: "redis",
      mode: modesOf(redis, proxy, slowMs).slow,
    };
    await expect(runRow(row).then(expectOptional)).rejects.toThrow();
    proxy.delay(0);
  }, 120_000);
});
