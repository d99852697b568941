import { cpSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type RunningRedis, startRedis } from "../../packages/testkit/src/redis/index.ts";
import { type GatewayProcess, startGatewayProcess } from "./gateway-process.ts";

const parts = await requireParts(["redis"], { rows: ["R0-04", "R0-05"] });
const clock = systemClock();
const rounds = 6;
const callers = 50;
const readyMs = 20_000;
const burst = 20;
const perSecond = 20;

const round = (i: number): string => `round${i}`;
const roundModels = Array.from({ length: rounds }, (_, i) => round(i));
const models = [...roundModels, "edge", "killed", "outage"];

const requests = { scope: "model", resource: "requests" };
const budget = { scope: "model", resource: "money", limit: 0.03, period: "total" };

/**
 * One process of two: the same key, the same Redis, a database of its own. A busy machine may keep
 * Redis from its 50 ms, which costs exactness downwards: only the outage runs with the default.
 */
const configOf = (
  stateDir: string,
  redis: string,
  redisTimeout = "2s",
): Record<string, unknown> => ({
  stateDir,
  listen: { port: 0 },
  // One behind each front: they keep the same limits.
  http: { front: stateDir.endsWith("two") ? "node" : "http1" },
  drain: { accept: 0, grace: 0 },
  log: { level: "error" },
  targets: {
    s: { provider: "simulator", tokens: 3, latency: 0, tokensPerSecond: 1e6 },
    slow: { provider: "simulator", tokens: 3, latency: 60_000 },
  },
  routes: {
    quick: { models: models.filter((name) => name !== "killed"), groups: [{ targets: ["s"] }] },
    slow: { models: ["killed"], groups: [{ targets: ["slow"] }] },
  },
  limits: [
    ...roundModels.map((match) => ({ ...requests, match, limit: 60, period: "1h", burst: 40 })),
    ...["edge", "killed"].map((match) => ({ ...budget, match })),
    { ...requests, match: "outage", limit: perSecond * 60, period: "1m", burst },
  ],
  prices: { edge: { input: 0, output: 1000 }, killed: { input: 0, output: 1000 } },
  stores: { redis, redisTimeout },
});

describe.skipIf(parts.missing)("two gateway processes on one Redis", () => {
  let redis: RunningRedis;
  let key = "";
  let third = "";
  const dirs: string[] = [];
  const gateways: GatewayProcess[] = [];

  beforeAll(async () => {
    redis = await startRedis(parts.found("redis").path, { clock });
    const base = mkdtempSync(join(tmpdir(), "ll-test-"));
    const [first, second] = [join(base, "one"), join(base, "two")];
    dirs.push(first, second);
    third = join(base, "three");
    const made = await startGatewayProcess(configOf(first, redis.url));
    key = made.key;
    await made.stop();
    for (const dir of [second, third]) cpSync(first, dir, { recursive: true });
    for (const dir of [first, second])
      gateways.push(await startGatewayProcess(configOf(dir, redis.url)));
    for (const gateway of gateways)
      await eventually(clock, async () => (await modeOf(gateway)) === "ok", readyMs);
  }, 240_000);

  afterAll(async () => {
    for (const gateway of gateways) await gateway.kill();
    await redis[Symbol.asyncDispose]();
  });

  async function modeOf(gateway: GatewayProcess): Promise<string> {
    const text = await (await fetch(`${gateway.url}/health`)).text();
    return /"redis":\{[^}]*"state":"(\w+)"/.exec(text)?.[1] ?? text;
  }

  async function ask(gateway: GatewayProcess | undefined, model: string): Promise<Response> {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const messages = [{ role: "user", content: "hi" }];
    const body = JSON.stringify({ model, messages, max_tokens: 3 });
    const url = `${gateway?.url}/v1/chat/completions`;
    const response = await fetch(url, { method: "POST", headers, body });
    await response.arrayBuffer();
    return response;
  }

  /** Statuses of `count` calls, 50 at once, in turn to both processes. */
  async function together(model: string, count: number): Promise<number[]> {
    const statuses: number[] = [];
    let next = 0;
    const caller = async (): Promise<void> => {
      while (next < count) statuses.push((await ask(gateways[next++ % 2], model)).status);
    };
    await Promise.all(Array.from({ length: callers }, caller));
    return statuses;
  }

  it.each(roundModels)(
    "50 parallel callers on both get exactly the burst of one shared limit, %s [R0-04]",
    async (model) => {
      const statuses = await together(model, 100);
      const tally = Object.fromEntries(
        [200, 429].map((status) => [status, statuses.filter((one) => one === status).length]),
      );
      expect(tally).toEqual({ 200: 40, 429: 60 });
    },
  );

  it("money at the edge of a budget: exactly what it pays for, nothing over", async () => {
    const statuses = await together("edge", 100);
    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    expect(statuses.filter((status) => status === 402)).toHaveLength(90);
    expect(await spentOf("edge")).toBe(30_000_000);
  });

  it("a process killed between reserving and settling leaves its money charged", async () => {
    const [one, two] = gateways;
    await using killed = await startGatewayProcess(configOf(third, redis.url));
    await eventually(clock, async () => (await modeOf(killed)) === "ok", readyMs);
    const cut = Promise.allSettled(Array.from({ length: 10 }, () => ask(killed, "killed")));
    await eventually(clock, async () => (await spentOf("killed")) === 30_000_000, readyMs);
    await killed.kill();
    await cut;
    for (const gateway of [one, two]) expect((await ask(gateway, "killed")).status).toBe(402);
    expect(await spentOf("killed")).toBe(30_000_000);
  });

  it("Redis frozen, killed and restored under load: no 5xx, never over the limit, no restart", async () => {
    for (const [i, gateway] of gateways.entries()) {
      await gateway.stop();
      gateways[i] = await startGatewayProcess(configOf(dirs[i] ?? "", redis.url, "50ms"));
    }
    for (const gateway of gateways)
      await eventually(clock, async () => (await modeOf(gateway)) === "ok", readyMs);
    const seen: { atMs: number; status: number; gateway: number; isDegraded: boolean }[] = [];
    let isOver = false;
    const startMs = clock.monotonicMs();
    const calls: Promise<void>[] = [];
    const load = async (): Promise<void> => {
      for (let i = 0; !isOver; i++) {
        const call = ask(gateways[i % 2], "outage").then((response) => {
          const isDegraded = response.headers.get("x-loadline-degraded") === "redis";
          const atMs = clock.monotonicMs() - startMs;
          seen.push({ atMs, status: response.status, gateway: i % 2, isDegraded });
        });
        calls.push(call);
        await clock.sleep(20);
      }
    };
    const loading = load();
    await eventually(clock, () => seen.length >= 40, readyMs);
    for (const away of [async () => redis.freeze(), () => redis.kill()]) {
      await away();
      for (const gateway of gateways)
        await eventually(clock, async () => (await modeOf(gateway)) === "down", readyMs);
      const before = seen.length;
      await eventually(clock, () => seen.length >= before + 60, readyMs);
      redis.thaw();
      await redis.restart();
      for (const gateway of gateways)
        await eventually(clock, async () => (await modeOf(gateway)) === "ok", readyMs);
      // Both answer from Redis again, seen by a caller.
      const sinceMs = clock.monotonicMs() - startMs;
      const isShared = (): boolean =>
        [0, 1].every((gateway) =>
          seen.some((one) => one.atMs > sinceMs && one.gateway === gateway && !one.isDegraded),
        );
      await eventually(clock, isShared, readyMs);
    }
    isOver = true;
    await loading;
    await Promise.all(calls);
    const admitted = seen.filter(({ status }) => status === 200);
    const tookMs = Math.max(...seen.map(({ atMs }) => atMs));
    expect([...new Set(seen.map(({ status }) => status))].toSorted()).toEqual([200, 429]);
    expect(admitted.length).toBeLessThanOrEqual(burst + (perSecond * tookMs) / 1000);
    expect(admitted.length).toBeGreaterThan((perSecond * tookMs) / 4000);
    expect(seen.some(({ isDegraded }) => isDegraded)).toBe(true);
  });

  async function spentOf(model: string): Promise<number> {
    const name = encodeURIComponent(`model:money:total:${model}|${model}`);
    const answer = await redis.command(`HGET {ll}:m:${name} s`);
    return Number(answer.split("\r\n")[1] ?? 0);
  }
});
