import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { systemClock } from "@loadline/kit/clock";
import { growingLabel, type Metrics } from "@loadline/kit/metrics";
import { expect, it } from "vitest";
import { sampleIn } from "../../packages/gateway/test/answers.ts";
import { auditExchanges } from "../../packages/gateway/src/audit-log/exit.ts";
import { auditQueueMax, createAuditLog } from "../../packages/gateway/src/audit-log/log.ts";
import { createAuditMetrics } from "../../packages/gateway/src/audit-log/metrics.ts";
import { loadConfig } from "../../packages/gateway/src/config/load.ts";
import { operator } from "../../packages/gateway/src/identity/acting.ts";
import { formatKey } from "../../packages/gateway/src/identity/keys/key-format.ts";
import { openWorld } from "../../packages/gateway/src/identity/world.fixture.ts";
import { createAccounting } from "../../packages/gateway/src/limits/wire.ts";
import { acceptStage } from "../../packages/gateway/src/pipeline/accept.ts";
import { addressLimitStage } from "../../packages/gateway/src/pipeline/address-limit.ts";
import { authenticateStage } from "../../packages/gateway/src/pipeline/authenticate.ts";
import { Exchange, type Exit } from "../../packages/gateway/src/pipeline/exchange.ts";
import { deafHost, nobody } from "../../packages/gateway/src/pipeline/nobody.fixture.ts";
import { operations } from "../../packages/gateway/src/pipeline/operations.ts";
import { openSqliteStore } from "../../packages/gateway/src/state/sqlite/open.ts";

const keys = 1_000_000;
const addresses = 100_000;
/** Lookups at once: more than 256 would be refused as unavailable. */
const atOnce = 200;
const batchMs = 1;
/** In all long enough for windows of the audit log to end, too short for a good key to be asked again. */
const pauseMs = 2000;
/** Of a heap whose tables are full: what is collected late. */
const growthMax = 1.1;
const refused: Exit = { reason: "refused", status: 401, code: "LL_AUTH_INVALID" };

/** Bytes in use once everything that nobody needs is collected. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect !== "function") throw new TypeError("this runtime collects nothing on demand");
  collect();
  return process.memoryUsage().heapUsed;
}

/** What stands before authentication, authentication itself, and what a refusal leaves, as the gateway wires it. */
async function openWay() {
  // Its calls and its end have bounds that pass.
  const path = join(mkdtempSync(join(tmpdir(), "ll-unknown-")), "loadline.db");
  const store = openSqliteStore(path, systemClock());
  const world = await openWorld({ store });
  const { clock, deps, metrics } = world;
  const { logger, random } = deps;
  const config = loadConfig(undefined, {}, {});
  const accounting = createAccounting({
    config,
    clock,
    random,
    logger,
    metrics,
    models: growingLabel(),
  });
  const audit = createAuditLog({
    clock,
    random,
    logger,
    metrics: createAuditMetrics(metrics),
    append: () => Promise.resolve(),
    onFull: "refuse",
  });
  const exchanges = auditExchanges(audit, { ...config.auditLog, hasModel: () => false });
  const stages = [
    acceptStage(() => undefined),
    addressLimitStage(accounting, () => clock.monotonicMs()),
    authenticateStage(world.identity, { current: { isKeyRequired: true } }),
  ];
  const operation = operations.find(({ id }) => id === "chat");
  if (!operation) throw new TypeError("no operation");
  /** The code of the refusal, or "ok". */
  const send = async (key: string, address: string): Promise<string> => {
    const headers = ["host", "gateway.test", "authorization", `Bearer ${key}`];
    const client = { ...nobody, address, headers };
    const x = new Exchange(deafHost, client, { operation }, clock.monotonicMs());
    for (const stage of stages) {
      const refusal = await stage.run?.(x);
      if (typeof refusal !== "object") continue;
      for (const one of stages) one.exit?.(x, { ...refused, code: refusal.code });
      exchanges.exit(x, { ...refused, code: refusal.code });
      return refusal.code;
    }
    return "ok";
  };
  return { world, store, accounting, audit, send, metrics };
}

const cached = (metrics: Metrics, kind: string): number =>
  sampleIn(metrics.render(), `loadline_auth_cached{kind="${kind}"}`);
const addressOf = (i: number): string => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;

it("1,000,000 different unknown keys from 100,000 addresses leave every table at its cap, the heap within 10 %, and a good key good", async () => {
  const { world, store, accounting, audit, send, metrics } = await openWay();
  const { clock, identity } = world;
  const good = await identity.keys.create(operator(), { name: "good" });
  // The news of it lets it be looked up once more.
  await identity.refresh();
  expect(await send(good.secret, "192.0.2.1")).toBe("ok");
  // None of them is there: what the store would be asked for grows nothing.
  store.repositories.keys.find = () => Promise.resolve(undefined);
  const id = "0".repeat(12);
  const codes = new Map<string, number>();
  let most = { negative: 0, addresses: 0, waiting: 0 };
  const flood = async (from: number, to: number): Promise<void> => {
    for (let at = from; at < to; at += atOnce) {
      const some = Array.from({ length: atOnce }, (_, n) => {
        const secret = String(at + n).padStart(43, "0");
        return send(formatKey({ env: "local", id, secret }), addressOf((at + n) % addresses));
      });
      for (const code of await Promise.all(some)) codes.set(code, (codes.get(code) ?? 0) + 1);
      most.waiting = Math.max(most.waiting, audit.depth());
      clock.advance(batchMs);
    }
    const nowUs = clock.monotonicMs() * 1000;
    most = {
      ...most,
      negative: Math.max(most.negative, cached(metrics, "negative")),
      addresses: Math.max(most.addresses, accounting.addresses.size(nowUs)),
    };
    clock.advance(pauseMs);
  };
  await flood(0, addresses);
  const full = heapBytes();
  for (let at = addresses; at < keys; at += addresses) await flood(at, at + addresses);
  expect(Object.fromEntries(codes)).toEqual({ LL_AUTH_INVALID: keys });
  expect(most.negative).toBe(10_000);
  expect(most.addresses).toBeGreaterThan(addresses * 0.8);
  expect(most.addresses).toBeLessThanOrEqual(addresses);
  expect(most.waiting).toBeLessThanOrEqual(auditQueueMax);
  // No limiter was made for anybody but the one good key, whom nobody reserved for.
  expect(accounting.limits.status()).toEqual({ mode: "local", leases: 0, buckets: 0 });
  expect(heapBytes() / full).toBeLessThan(growthMax);
  expect(cached(metrics, "positive")).toBe(1);
  store.repositories.keys.find = () => Promise.reject(new Error("asked for a remembered key"));
  expect(await send(good.secret, "192.0.2.1")).toBe("ok");
  await identity.close();
  await store.close();
  await world[Symbol.asyncDispose]();
}, 400_000);
