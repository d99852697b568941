import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, startTcpProxy, type TcpProxy } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type RunningRedis, startRedis } from "../../packages/testkit/src/redis/index.ts";
import { expectOptional, runRounds } from "./fail-modes/expect-row.ts";
import { modeNames, modesOf } from "./fail-modes/modes.ts";
import { type FailMode, runRow } from "./fail-modes/row.ts";
import { type FailModeSubject, startSubject } from "./fail-modes/subject.ts";
import { skipNotTested } from "./machine.ts";

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

  /** It answers, and takes nothing: its memory is full. */
  const full: FailMode = {
    leave: async () => void (await redis.command("CONFIG SET maxmemory 1")),
    back: async () => void (await redis.command("CONFIG SET maxmemory 0")),
  };

  it.for([...modeNames, "full"] as const)(
    "%s under 50 calls a second: no 5xx, nothing waits for it, /health says so, /readyz does not, back by itself",
    { timeout: 240_000 },
    async (name, context) => {
      const degraded: boolean[] = [];
      const round = await runRounds({
        clock,
        subject,
        component: "redis",
        mode: { ...modesOf(redis, proxy, slowMs), full }[name],
        whileAway: async () => void degraded.push((await subject.call()).isDegraded),
      });
      expect(new Set(degraded)).toEqual(new Set([true]));
      skipNotTested(context, expectOptional(round));
    },
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
    const judged = runRow(row).then((report) => expectOptional({ report, excuse: "whatever" }));
    await expect(judged).rejects.toThrow();
    proxy.delay(0);
  }, 120_000);

  it("absent at the start, then there, killed and back: no 5xx, marked while away, joined by itself at the address as configured [R3-06]", async () => {
    await using absent = await startTcpProxy({ clock, targetPort: redis.port });
    await absent.refuse();
    await using late = await startSubject(clock, { redis: `redis://127.0.0.1:${absent.port}/3` });
    const bad: number[] = [];
    const call = async (): Promise<boolean> => {
      const { status, isDegraded } = await late.call();
      if (status !== 200) bad.push(status);
      return isDegraded;
    };
    /** Calls until they are all as the state of Redis has them, which /health says too. */
    const become = async (state: "ok" | "down"): Promise<void> => {
      const isThere = async (): Promise<boolean> => {
        const health = await late.health();
        if (health.status !== 200) bad.push(health.status);
        const marks = [await call(), await call(), await call()];
        return health.states["redis"] === state && marks.every((one) => one === (state === "down"));
      };
      await eventually(clock, isThere, readyMs);
    };
    const ofThree = async (): Promise<boolean> =>
      (await redis.command("INFO keyspace")).includes("db3:keys=");
    await become("down");
    expect(await ofThree()).toBe(false);
    await absent.accept();
    await become("ok");
    expect(await ofThree()).toBe(true);
    await redis.kill();
    await become("down");
    await redis.restart();
    await become("ok");
    expect(await ofThree()).toBe(true);
    expect(bad).toEqual([]);
  }, 120_000);
});
