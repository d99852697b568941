import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemClock } from "@loadline/kit/clock";
import { createMetrics, type Metrics } from "@loadline/kit/metrics";
import { systemRandom } from "@loadline/kit/random";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { repositorySuite } from "../../packages/gateway/src/state/repository-suite.fixture.ts";
import { aBatch, aUsage, codeOf } from "../../packages/gateway/src/state/rows.fixture.ts";
import { storeMetrics } from "../../packages/gateway/src/state/metrics.ts";
import { openPostgresStore } from "../../packages/gateway/src/state/postgres/open.ts";
import type { Store } from "../../packages/gateway/src/state/store.ts";
import { eventually } from "../../packages/testkit/src/eventually.ts";
import { startTcpProxy } from "../../packages/testkit/src/tcp-proxy/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type RunningPostgres, startPostgres } from "../../packages/testkit/src/postgres/index.ts";
import { quietest } from "./machine.ts";

const clock = systemClock();
const parts = await requireParts(["postgres-15"]);
/** A call's bound is 1,000 ms; the rest is for its answer. */
const boundMs = 1250;
/** For what is no matter of time: a busy machine has a call take longer than its second. */
const patientMs = 30_000;
const soonMs = 20_000;
const atOnceMs = 20;
const backMsMax = 5000;

describe.skipIf(parts.missing)("the SQL store on PostgreSQL 15", () => {
  let server: RunningPostgres;
  /** With the bounds that it runs with. */
  let store: Store;
  let patient: Store;
  beforeAll(async () => {
    server = await startPostgres(parts.found("postgres-15").path, { clock });
    store = await openPostgresStore(server.url, clock);
    patient = await openPostgresStore(server.url, clock, { callMs: patientMs });
  });
  afterAll(async () => {
    await store.close();
    await patient.close();
    await server[Symbol.asyncDispose]();
  });

  repositorySuite("PostgreSQL", () => patient);

  it("a clock of ours that is more than 60 s off the server's makes it degraded, and says why", async () => {
    const wrong = { ...clock, wallMs: () => clock.wallMs() - 61_000 };
    await using off = await openPostgresStore(server.url, wrong, { callMs: patientMs });
    await eventually(clock, () => off.health().code === "LL_CLOCK_SKEW", soonMs);
    expect(off.health().state).toBe("degraded");
    const right = { ...clock, wallMs: () => clock.wallMs() - 50_000 };
    await using near = await openPostgresStore(server.url, right, { callMs: patientMs });
    const opened = near.health().latencyMs;
    await eventually(clock, () => near.health().latencyMs !== opened, soonMs);
    expect(near.health().code).toBeUndefined();
  });

  it("callers beyond its most connections wait and are answered; the pool tells its least, most and waits, and what a call takes has a p99 [R1-10]", async () => {
    const metrics = createMetrics();
    const times = storeMetrics(metrics);
    await using own = await openPostgresStore(server.url, clock, { callMs: patientMs, times });
    times.read(() => own.connections());
    const psql = join(parts.found("postgres-15").path, "psql");
    const held = spawn(psql, [server.url, "-q"], { stdio: ["pipe", "ignore", "ignore"] });
    const ended = once(held, "exit");
    held.stdin.write("BEGIN; LOCK TABLE store_facts IN ACCESS EXCLUSIVE MODE;\n");
    const isLocked = async (): Promise<boolean> => {
      const sql = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted";
      const { stdout } = await promisify(execFile)(psql, [server.url, "-Atc", sql]);
      return Number(stdout) > 0;
    };
    await eventually(clock, isLocked, soonMs);
    const callers = 60;
    const ask = () => own.transaction((r) => r.facts.get("schema.version"));
    const calls = Promise.allSettled(Array.from({ length: callers }, ask));
    await eventually(clock, () => own.connections().waiting >= callers - 10, soonMs);
    const { waiting, ...others } = own.connections();
    expect(others).toEqual({ size: 10, busy: 10, min: 1, max: 10 });
    // The store's own look at its server, once a second, may wait with them.
    expect([callers - 10, callers - 9]).toContain(waiting);
    const page = metrics.render();
    const told = [`use="waiting"} ${waiting}`, 'use="min"} 1', 'use="max"} 10', 'use="busy"} 10'];
    for (const line of told) expect(page).toContain(`loadline_store_connections{${line}\n`);
    held.stdin.end("ROLLBACK;\n");
    await ended;
    const answers = (await calls).map((one) => (one.status === "fulfilled" ? one.value : "failed"));
    expect(new Set(answers)).toEqual(new Set(["2"]));
    expect(sampleOf(metrics, "loadline_store_wait_seconds_count")).toBeGreaterThanOrEqual(callers);
    expect(sampleOf(metrics, "loadline_store_wait_seconds_sum")).toBeGreaterThan(0);
    const isIdle = (): boolean => own.connections().busy + own.connections().waiting === 0;
    await eventually(clock, isIdle, soonMs);
  }, 120_000);

  it("what a call takes is told by its own callers' histogram: a p99 of 299 [R1-10]", async () => {
    const metrics = createMetrics();
    const times = storeMetrics(metrics);
    await using own = await openPostgresStore(server.url, clock, { callMs: patientMs, times });
    for (let i = 0; i < 299; i++) await own.repositories.facts.get("schema.version");
    const buckets = [...metrics.render().matchAll(/store_call_seconds_bucket\{le="(.*)"\} (\d+)/g)];
    const p99 = buckets.find(([, , count]) => Number(count) >= Math.ceil(0.99 * 299))?.[1];
    expect(sampleOf(metrics, "loadline_store_call_seconds_count")).toBe(299);
    // No bound of the statement's own time: of a busy machine that would be the machine's.
    expect(Number(p99)).toBeLessThanOrEqual(1);
  }, 60_000);

  it("a server 160 ms away is well again once it answers so: a ping with a write is one round trip", async () => {
    await using proxy = await startTcpProxy({ clock, targetPort: server.port });
    const url = new URL(server.url);
    url.port = String(proxy.port);
    await using far = await openPostgresStore(String(url), clock);
    proxy.delay(400);
    await eventually(clock, () => far.health().state === "degraded", soonMs);
    proxy.delay(160);
    await eventually(clock, () => far.health().state === "ok", soonMs);
    expect(far.health().latencyMs).toBeGreaterThan(100);
  });

  it("a value that it cannot keep is refused as one, and the store is there all the same", async () => {
    const text = (chars: number): string =>
      [...systemRandom().bytes(chars)].map((byte) => String.fromCodePoint(0x4e00 + byte)).join("");
    const { principals } = patient.repositories;
    const given = {
      kind: "user",
      tenantId: "t",
      label: "l",
      roles: [],
      createdAt: 0,
      epoch: 1,
    } as const;
    const nul = { ...given, id: "nul", issuer: "local", subject: "a\0b" };
    expect(await codeOf(principals.insert(nul))).toBe("LL_STATE_FIELD");
    const long = { ...given, id: "long", issuer: text(1500), subject: text(1500) };
    expect(await codeOf(principals.insert(long))).toBe("LL_STATE_FIELD");
    expect(patient.health().state).toBe("ok");
  });

  describe("migrations", () => {
    it("five nodes that start at once change the schema once", async () => {
      const stores = await Promise.all(
        Array.from({ length: 5 }, () =>
          openPostgresStore(freshUrl(), clock, { callMs: patientMs }),
        ),
      );
      for (const one of stores)
        expect(await one.repositories.facts.get("schema.version")).toBe("2");
      await Promise.all(stores.map((one) => one.close()));
    });

    it("a schema that this version may not read is refused", async () => {
      await patient.repositories.facts.set("schema.readableFrom", "99");
      expect(await codeOf(openPostgresStore(server.url, clock))).toBe("LL_STATE_SCHEMA_NEWER");
      await patient.repositories.facts.set("schema.readableFrom", "1");
    });

    it("a user who may make no tables is refused with what the server said", async () => {
      const { port } = server;
      const url = `postgres://reader@127.0.0.1:${port}/postgres?options=-c%20search_path%3Dlocked`;
      expect(await codeOf(openPostgresStore(url, clock))).toBe("LL_STATE_MIGRATION");
    });

    it("a server that is not there is named, not waited for", async () => {
      const nobody = "postgres://postgres@127.0.0.1:1/postgres";
      expect(await codeOf(openPostgresStore(nobody, clock))).toBe("LL_STATE_UNAVAILABLE");
    });

    /** The same server, another schema by the search path. */
    const freshUrl = (): string => `${server.url}?options=-c%20search_path%3Dfresh`;
    beforeAll(async () => {
      const psql = join(parts.found("postgres-15").path, "psql");
      const make = "CREATE SCHEMA fresh; CREATE SCHEMA locked; CREATE ROLE reader LOGIN";
      await promisify(execFile)(psql, [server.url, "-q", "-c", make]);
    });
  });

  describe("when the server is away", () => {
    const isOk = (): boolean => [store, patient].every((one) => one.health().state === "ok");
    const isDown = (): boolean => store.health().state === "down";
    const thaw = async (): Promise<void> => {
      server.thaw();
      await eventually(clock, isOk, soonMs);
    };
    beforeEach(() => eventually(clock, isOk, soonMs));
    afterEach(thaw);

    const findWarm = () => store.repositories.keys.find("warm");
    const timed = async (): Promise<{ code: unknown; tookMs: number }> => {
      const startMs = clock.monotonicMs();
      const code = await codeOf(store.repositories.keys.find("anybody"));
      return { code, tookMs: clock.monotonicMs() - startMs };
    };

    it("frozen: 50 calls at once all end within a second, later ones at once", async () => {
      const round = async (): Promise<{ slowestMs: number; laterMs: number }> => {
        await Promise.all(Array.from({ length: 12 }, () => codeOf(findWarm())));
        await eventually(clock, isOk, soonMs);
        server.freeze();
        const calls = await Promise.all(Array.from({ length: 50 }, timed));
        for (const { code } of calls) expect(code).toBe("LL_STATE_UNAVAILABLE");
        await eventually(clock, isDown, soonMs);
        const later = await timed();
        expect(later.code).toBe("LL_STATE_UNAVAILABLE");
        expect(store.health().code).toBe("LL_STATE_UNAVAILABLE");
        await thaw();
        const slowestMs = Math.max(...calls.map(({ tookMs }) => tookMs));
        return { slowestMs, laterMs: later.tookMs };
      };
      const isSoon = (one: { slowestMs: number; laterMs: number }): boolean =>
        one.slowestMs < boundMs && one.laterMs < atOnceMs;
      const seen = await quietest(round, isSoon);
      expect(seen.slowestMs).toBeLessThan(boundMs);
      expect(seen.laterMs).toBeLessThan(atOnceMs);
    });

    it("frozen within a transaction: its caller hears of it within a second", async () => {
      const round = async (): Promise<number> => {
        await eventually(clock, isOk, soonMs);
        const startMs = clock.monotonicMs();
        const run = store.transaction(async (r) => {
          await r.facts.set("half", "1");
          server.freeze();
          await r.facts.set("half", "2");
        });
        expect(await codeOf(run)).toBe("LL_STATE_UNAVAILABLE");
        const tookMs = clock.monotonicMs() - startMs;
        await thaw();
        expect(await patient.repositories.facts.get("half")).toBeUndefined();
        return tookMs;
      };
      expect(await quietest(round, (ms) => ms < boundMs)).toBeLessThan(boundMs);
    });

    it("frozen and thawed: answers of the old calls never reach new ones", async () => {
      await patient.repositories.facts.set("a", "of a");
      await patient.repositories.facts.set("b", "of b");
      server.freeze();
      const old = Array.from({ length: 20 }, () => codeOf(store.repositories.facts.get("a")));
      expect(new Set(await Promise.all(old))).toEqual(new Set(["LL_STATE_UNAVAILABLE"]));
      await thaw();
      // Fifty that all were answered; of a busy machine some of a round may come too late.
      const round = (): Promise<unknown[]> =>
        Promise.all(
          Array.from({ length: 50 }, () => store.repositories.facts.get("b").catch(codeOfCause)),
        );
      const isAnswered = (all: unknown[]): boolean => !all.includes("LL_STATE_UNAVAILABLE");
      const answers = await quietest(async () => {
        await eventually(clock, isOk, soonMs);
        const all = await round();
        expect(all).not.toContain("of a");
        return all;
      }, isAnswered);
      expect(new Set(answers)).toEqual(new Set(["of b"]));
    });

    it("a store that is opened while the server starts waits for it", async () => {
      await server.kill();
      const opening = openPostgresStore(server.url, clock, { waitMs: 20_000 });
      await server.restart();
      await using late = await opening;
      expect(await late.repositories.facts.get("schema.version")).toBe("2");
    });

    it("killed and restored: back without a restart of ours, within 5 s, nothing lost", async () => {
      const ofKilled = (id: string) => aBatch(aUsage(id, { tenantId: "killed" }));
      await patient.repositories.usage.append(ofKilled("before"));
      const round = async (): Promise<number> => {
        await server.kill();
        expect(await codeOf(store.repositories.usage.append(ofKilled("x")))).toBe(
          "LL_STATE_UNAVAILABLE",
        );
        await eventually(clock, isDown, soonMs);
        await server.restart();
        const backMs = clock.monotonicMs();
        await eventually(clock, () => store.health().state === "ok", soonMs);
        return clock.monotonicMs() - backMs;
      };
      expect(await quietest(round, (ms) => ms < backMsMax)).toBeLessThan(backMsMax);
      await eventually(clock, isOk, soonMs);
      const [sum] = await patient.repositories.usage.sums([], { tenantId: "killed" });
      expect(sum?.requests).toBe(1);
      expect(store.connections().size).toBeLessThanOrEqual(10);
    });
  });
});

/** A sample of the page, by its name and labels. */
const sampleOf = (metrics: Metrics, name: string): number => {
  const line = metrics
    .render()
    .split("\n")
    .find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length));
};

/** What became of a call that failed. */
const codeOfCause = (cause: unknown): unknown =>
  cause instanceof Error && "code" in cause ? cause.code : cause;
