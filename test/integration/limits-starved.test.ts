import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTcpProxy, type TcpProxy } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type RunningRedis, startRedis } from "../../packages/testkit/src/redis/index.ts";
import { startTwoGateways, type TwoGateways } from "./limits-topologies/two-gateways.ts";

const parts = await requireParts(["redis"], { rows: ["R0-04"] });
const clock = systemClock();
const random = seededRandom(7);
const burst = 20;
const perSecond = 20;
const seconds = 8;
/** Four times the default: what a busy machine adds to an answer is little beside it. */
const redisTimeout = "200ms";
/** More than twice what the gateways wait: about half of the answers come too late. */
const jitterMs = 480;

describe.skipIf(parts.missing)("two gateways whose Redis answers now in time, now too late", () => {
  let redis: RunningRedis;
  const proxies: TcpProxy[] = [];
  let two: TwoGateways;
  beforeAll(async () => {
    redis = await startRedis(parts.found("redis").path, { clock });
    for (let i = 0; i < 2; i++)
      proxies.push(await startTcpProxy({ clock, targetPort: redis.port }));
    const [one, other] = proxies.map(({ port }) => ({
      redis: `redis://127.0.0.1:${port}`,
      redisTimeout,
    }));
    const law = {
      scope: "model",
      resource: "requests",
      limit: perSecond * 60,
      period: "1m",
      burst,
    };
    const models = ["both", "one"];
    two = await startTwoGateways(clock, {
      models,
      limits: [law],
      stores: [one ?? {}, other ?? {}],
    });
  }, 240_000);
  afterAll(async () => {
    await two[Symbol.asyncDispose]();
    for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  it.each([
    ["both", [0, 1], 0],
    // The other goes on with the whole limit, because it cannot know.
    ["one", [0], 1 / 2],
  ] as const)(
    "late for %s: no 5xx; over the limit by no more than a share, and that is paid back",
    async (model, which, share) => {
      await two.become("ok", 60_000);
      // Each has heard of the other: a share is half.
      await clock.sleep(2500);
      const draw = (): number => random.unit();
      for (const i of which) proxies[i]?.jitter(jitterMs, draw);
      const startMs = clock.monotonicMs();
      await using load = two.load(model);
      await using more = two.load(model);
      await clock.sleep(seconds * 1000);
      const starved = [...(await load.end()), ...(await more.end())];
      const starvedMs = clock.monotonicMs() - startMs;
      for (const proxy of proxies) proxy.delay(0);
      const admittedOf = (answers: readonly { status: number }[]): number =>
        answers.filter(({ status }) => status === 200).length;
      const lawful = burst + (perSecond * starvedMs) / 1000;
      const shown = { admitted: admittedOf(starved), lawful, calls: starved.length };
      process.stderr.write(`late for ${model}: ${JSON.stringify(shown)}\n`);
      expect([...new Set(starved.map(({ status }) => status))].toSorted()).toEqual([200, 429]);
      expect(shown.admitted, JSON.stringify(shown)).toBeLessThanOrEqual(
        lawful * (1 + share) + burst,
      );
      expect(shown.admitted, JSON.stringify(shown)).toBeGreaterThan(lawful / 4);
      expect(starved.some(({ isDegraded }) => isDegraded)).toBe(true);
      await two.become("ok", 60_000);
      await using after = two.load(model);
      await clock.sleep(6000);
      const allMs = clock.monotonicMs() - startMs;
      const all = admittedOf(starved) + admittedOf(await after.end());
      process.stderr.write(`late for ${model}, then in time: ${JSON.stringify({ all, allMs })}\n`);
      expect(all).toBeLessThanOrEqual(burst + (perSecond * (allMs + 100)) / 1000);
    },
    240_000,
  );
});
