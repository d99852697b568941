import { cpSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type RunningRedis, startRedis } from "../../packages/testkit/src/redis/index.ts";
import { type GatewayProcess, startGatewayProcess } from "./gateway-process.ts";

const parts = await requireParts(["redis"], { rows: ["R0-04"] });
const clock = systemClock();
/** So long that a busy machine renews it in time. */
const leaseMs = 2500;

const configOf = (stateDir: string, redis: string): Record<string, unknown> => ({
  stateDir,
  listen: { port: 0 },
  // One behind each front: they keep the same limits.
  http: { front: stateDir.endsWith("two") ? "node" : "http1" },
  drain: { accept: 0, grace: 0 },
  log: { level: "error" },
  targets: { s: { provider: "simulator", tokens: 2000, latency: 0, tokensPerSecond: 50 } },
  routes: { r: { models: ["m"], groups: [{ targets: ["s"] }] } },
  limits: [{ scope: "key", resource: "concurrency", limit: 1 }],
  stores: { redis, redisTimeout: "2s", redisLease: leaseMs },
});

describe.skipIf(parts.missing)("the slot of a long stream in Redis", () => {
  let redis: RunningRedis;
  let key = "";
  const gateways: GatewayProcess[] = [];

  beforeAll(async () => {
    redis = await startRedis(parts.found("redis").path, { clock });
    const base = mkdtempSync(join(tmpdir(), "ll-test-"));
    const dirs = [join(base, "one"), join(base, "two")] as const;
    const made = await startGatewayProcess(configOf(dirs[0], redis.url));
    key = made.key;
    await made.stop();
    cpSync(dirs[0], dirs[1], { recursive: true });
    for (const dir of dirs) gateways.push(await startGatewayProcess(configOf(dir, redis.url)));
    for (const gateway of gateways) await eventually(clock, () => isShared(gateway), 15_000);
  }, 240_000);

  afterAll(async () => {
    for (const gateway of gateways) await gateway.kill();
    await redis[Symbol.asyncDispose]();
  });

  async function isShared(gateway: GatewayProcess): Promise<boolean> {
    const text = await (await fetch(`${gateway.url}/health`)).text();
    return /"redis":\{[^}]*"state":"ok"/.test(text);
  }

  /** A stream of 40 s; its body is left to be read. */
  function stream(gateway: GatewayProcess | undefined): Promise<Response> {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const messages = [{ role: "user", content: "hi" }];
    const body = JSON.stringify({ model: "m", messages, stream: true });
    return fetch(`${gateway?.url}/v1/chat/completions`, { method: "POST", headers, body });
  }

  it("stays taken far beyond its lease while it runs, and is free once its lease is over after SIGKILL [R0-04]", async () => {
    const [one, two] = gateways;
    const long = await stream(one);
    expect(long.status).toBe(200);
    const cut = long.text().catch(() => "cut");
    const untilMs = clock.monotonicMs() + 3 * leaseMs;
    while (clock.monotonicMs() < untilMs) {
      const refused = await stream(two);
      await refused.text();
      expect(refused.status).toBe(429);
      await clock.sleep(100);
    }
    await one?.kill();
    let free: Response | undefined;
    await eventually(
      clock,
      async () => {
        const answer = await stream(two);
        if (answer.status === 200) free = answer;
        else await answer.text();
        return free !== undefined;
      },
      // One to its end, the rest for a busy machine; the stream itself would take 30 s more.
      4 * leaseMs,
    );
    await free?.body?.cancel();
    expect(await cut).toBe("cut");
  }, 120_000);
});
