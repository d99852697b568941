import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemClock } from "@loadline/kit/clock";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { repositorySuite } from "../../packages/gateway/src/state/repository-suite.fixture.ts";
import { aBatch, aUsage, codeOf } from "../../packages/gateway/src/state/rows.fixture.ts";
import { openPostgresStore } from "../../packages/gateway/src/state/postgres/open.ts";
import type { Store } from "../../packages/gateway/src/state/store.ts";
import { eventually } from "../../packages/testkit/src/eventually.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type RunningPostgres, startPostgres } from "../../packages/testkit/src/postgres/index.ts";

const clock = systemClock();
const parts = await requireParts(["postgres-15"]);
/** A call's bound is 1,000 ms; the rest is what two busy cores may add. */
const boundMs = 1250;

describe.skipIf(parts.missing)("the SQL store on PostgreSQL 15", () => {
  let server: RunningPostgres;
  let store: Store;
  beforeAll(async () => {
    server = await startPostgres(parts.found("postgres-15").path, { clock });
    store = await openPostgresStore(server.url, clock);
  });
  afterAll(async () => {
    await store.close();
    await server[Symbol.asyncDispose]();
  });

  repositorySuite("PostgreSQL", () => store);

  describe("migrations", () => {
    it("five nodes that start at once change the schema once", async () => {
      const stores = await Promise.all(
        Array.from({ length: 5 }, () => openPostgresStore(freshUrl(), clock)),
      );
      for (const one of stores)
        expect(await one.repositories.facts.get("schema.version")).toBe("2");
      await Promise.all(stores.map((one) => one.close()));
    });

    it("a schema that this version may not read is refused", async () => {
      await store.repositories.facts.set("schema.readableFrom", "99");
      expect(await codeOf(openPostgresStore(server.url, clock))).toBe("LL_STATE_SCHEMA_NEWER");
      await store.repositories.facts.set("schema.readableFrom", "1");
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
    afterEach(async () => {
      server.thaw();
      await eventually(clock, () => store.health().state === "ok", 10_000);
    });

    const timed = async (): Promise<{ code: unknown; tookMs: number }> => {
      const startMs = clock.monotonicMs();
      const code = await codeOf(store.repositories.keys.find("anybody"));
      return { code, tookMs: clock.monotonicMs() - startMs };
    };

    it("frozen: 50 calls at once all end within a second, later ones at once", async () => {
      await Promise.all(Array.from({ length: 12 }, () => store.repositories.keys.find("warm")));
      server.freeze();
      const calls = await Promise.all(Array.from({ length: 50 }, timed));
      for (const { code, tookMs } of calls) {
        expect(code).toBe("LL_STATE_UNAVAILABLE");
        expect(tookMs).toBeLessThan(boundMs);
      }
      await eventually(clock, () => store.health().state === "down", 3000);
      expect((await timed()).tookMs).toBeLessThan(20);
      expect(store.health().code).toBe("LL_STATE_UNAVAILABLE");
    });

    it("frozen within a transaction: its caller hears of it within a second", async () => {
      const startMs = clock.monotonicMs();
      const run = store.transaction(async (r) => {
        await r.facts.set("half", "1");
        server.freeze();
        await r.facts.set("half", "2");
      });
      expect(await codeOf(run)).toBe("LL_STATE_UNAVAILABLE");
      expect(clock.monotonicMs() - startMs).toBeLessThan(boundMs);
      server.thaw();
      await eventually(clock, () => store.health().state === "ok", 10_000);
      expect(await store.repositories.facts.get("half")).toBeUndefined();
    });

    it("frozen and thawed: answers of the old calls never reach new ones", async () => {
      await store.repositories.facts.set("a", "of a");
      await store.repositories.facts.set("b", "of b");
      server.freeze();
      const old = Array.from({ length: 20 }, () => codeOf(store.repositories.facts.get("a")));
      await Promise.all(old);
      server.thaw();
      await eventually(clock, () => store.health().state === "ok", 10_000);
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => store.repositories.facts.get("b")),
      );
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
      await store.repositories.usage.append(aBatch(aUsage("before", { tenantId: "killed" })));
      await server.kill();
      expect(
        await codeOf(store.repositories.usage.append(aBatch(aUsage("x", { tenantId: "killed" })))),
      ).toBe("LL_STATE_UNAVAILABLE");
      await eventually(clock, () => store.health().state === "down", 3000);
      await server.restart();
      const backMs = clock.monotonicMs();
      await eventually(clock, () => store.health().state === "ok", 5000);
      expect(clock.monotonicMs() - backMs).toBeLessThan(5000);
      const [sum] = await store.repositories.usage.sums([], { tenantId: "killed" });
      expect(sum?.requests).toBe(1);
      expect(store.connections().size).toBeLessThanOrEqual(10);
    });
  });
});
