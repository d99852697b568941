import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemRandom } from "@loadline/kit/random";
import { examineParts, loadConfig, type PartFinding } from "@loadline/gateway";
import { runGateway } from "../../packages/gateway/test/harness.ts";
import { migrations } from "../../packages/gateway/src/state/sql/migrations.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type RunningPostgres, startPostgres } from "../../packages/testkit/src/postgres/index.ts";
import { eventually } from "../../packages/testkit/src/eventually.ts";
import {
  type RunningRedis,
  startRedis,
  startRedisCluster,
  startRedisSentinel,
} from "../../packages/testkit/src/redis/index.ts";
import { runLine } from "../../packages/cli/test/run-line.ts";
import { emptyDir } from "./cli-process.ts";

const parts = await requireParts(["postgres-15", "redis"], {
  rows: ["R1-21", "R3-25", "R3-32"],
});
const clock = systemClock();
const head = migrations.length;
const tried = `every step to ${head} was tried and taken back`;

interface Finding {
  readonly id: string;
  readonly found: boolean;
  readonly required: boolean;
  readonly detail: string;
}

interface Seen {
  readonly exit: number;
  readonly parts: Readonly<Record<string, Finding>>;
}

describe.skipIf(parts.missing)(
  "doctor of a gateway's configuration, on PostgreSQL and Redis",
  () => {
    let server: RunningPostgres;
    let redis: RunningRedis;
    beforeAll(async () => {
      server = await startPostgres(parts.found("postgres-15").path, { clock });
      redis = await startRedis(parts.found("redis").path, { clock });
      const made = "CREATE ROLE loadline LOGIN PASSWORD 'hush-hush'; CREATE SCHEMA fresh";
      await psql(`${made}; CREATE SCHEMA first; GRANT USAGE ON SCHEMA fresh, first TO loadline`);
    }, 60_000);
    afterAll(async () => {
      await redis[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });

    const psql = async (sql: string): Promise<string> => {
      const path = join(parts.found("postgres-15").path, "psql");
      const { stdout } = await promisify(execFile)(path, [server.url, "-Atqc", sql]);
      return stdout.trim();
    };

    /** The same server by a login with a password, its tables in this schema. */
    const urlOf = (schema: string): string => {
      const at = `127.0.0.1:${server.port}/postgres`;
      return `postgres://loadline:hush-hush@${at}?options=-c%20search_path%3D${schema}`;
    };

    async function doctor(
      sql: string,
      stores: object = { redis: redis.url },
      env: Readonly<Record<string, string>> = {},
    ): Promise<Seen> {
      const cwd = emptyDir();
      const config = {
        stateDir: join(cwd, "state"),
        listen: { port: 0 },
        stores: { sql: "${env:DOCTOR_SQL}", ...stores },
        targets: { s: { provider: "simulator" } },
        routes: { sim: { models: ["sim"], groups: [{ targets: ["s"] }] } },
      };
      writeFileSync(join(cwd, "loadline.yaml"), JSON.stringify(config));
      const line = "doctor --config loadline.yaml --json";
      const { exit, out, err } = await runLine(line, {
        cwd,
        clock,
        env: { ...env, DOCTOR_SQL: sql },
      });
      const { findings } = JSON.parse(out) as { findings: Finding[] };
      expect(out + err).not.toContain("hush-hush");
      return { exit, parts: Object.fromEntries(findings.map((one) => [one.id, one])) };
    }

    it("an empty database is behind the head and fails; nothing is made in it, though every step was tried [R1-21] [R3-32]", async () => {
      const seen = await doctor(urlOf("fresh"));
      expect(seen.exit).toBe(3);
      expect(seen.parts["sql"]).toMatchObject({ found: true });
      expect(seen.parts["sql"]?.detail).toContain(`PostgreSQL at 127.0.0.1:${server.port} answers`);
      expect(seen.parts["schema"]).toMatchObject({ found: false, required: true });
      expect(seen.parts["schema"]?.detail).toBe(`0, this build's ${head}: ${tried}`);
      const tables = "SELECT count(*) FROM pg_class WHERE relname IN ('keys', 'store_facts')";
      expect(await psql(tables)).toBe("0");
    }, 60_000);

    it("one of the version before fails until a gateway started on it; then applied is head and doctor ends with 0 [R1-21] [R3-32]", async () => {
      const statements = migrations[0]?.statements("postgres") ?? [];
      await psql(
        [
          "SET search_path = first",
          ...statements,
          "INSERT INTO keys (id, env, name, digest, created_at) VALUES ('k', 'local', 'old', 'x', 1)",
          "ALTER TABLE keys OWNER TO loadline",
          "GRANT CREATE ON SCHEMA first TO loadline",
        ].join("; "),
      );
      const before = await doctor(urlOf("first"));
      expect([before.exit, before.parts["schema"]?.found]).toEqual([3, false]);
      {
        const file = join(emptyDir(), "url");
        writeFileSync(file, urlOf("first"));
        await using g = await runGateway({ stores: { sql: `\${file:${file}}` } });
        expect((await g.get("/health")).status).toBe(200);
        expect((await doctor(urlOf("first"))).exit).toBe(0);
      }
      const after = await doctor(urlOf("first"));
      expect(after.exit).toBe(0);
      expect(after.parts["schema"]).toMatchObject({ found: true });
      expect(after.parts["schema"]?.detail).toBe(`${head} of ${head}: ${tried}`);
      expect(await psql("SELECT name, tenant_id FROM first.keys WHERE id = 'k'")).toBe(
        "old|default",
      );
    }, 90_000);

    it("stores that answer are named by host and port, those that are away too, and no password is shown [R3-25]", async () => {
      const there = await doctor(urlOf("first"));
      const { port } = new URL(redis.url);
      expect(there.parts["redis"]).toMatchObject({ found: true });
      expect(there.parts["redis"]?.detail).toBe(`127.0.0.1:${port} answers PING`);
      expect(there.parts["target s"]).toMatchObject({ found: true });
      await redis.kill();
      const without = await doctor(urlOf("first"));
      expect([without.exit, without.parts["redis"]?.found]).toEqual([0, false]);
      expect(without.parts["redis"]?.detail).toContain(`127.0.0.1:${port}`);
      await redis.restart();
      await server.kill();
      const away = await doctor(urlOf("first"));
      expect([away.exit, away.parts["sql"]?.found]).toEqual([3, false]);
      expect(away.parts["sql"]?.detail).toContain(`PostgreSQL at 127.0.0.1:${server.port}`);
      expect(away.parts["redis"]).toMatchObject({ found: true });
      await server.restart();
    }, 90_000);

    it("a Redis that wants a password is not there without it, and is with it", async () => {
      const { host } = new URL(redis.url);
      await redis.command("CONFIG SET requirepass hush-hush");
      const without = (await doctor(urlOf("first"))).parts["redis"];
      expect(without).toMatchObject({ found: false });
      expect(without?.detail).toMatch(/NOAUTH/);
      const env = { DOCTOR_REDIS: `redis://:hush-hush@${host}` };
      const login = await doctor(urlOf("first"), { redis: "${env:DOCTOR_REDIS}" }, env);
      expect(login.parts["redis"]).toMatchObject({ found: true });
    }, 60_000);
  },
);

const topologies = await requireParts(["redis-sentinel", "redis-cluster"], { rows: ["R1-36"] });

describe.skipIf(topologies.missing)("doctor of a Redis behind sentinels and of a cluster", () => {
  it("asks the master that the sentinels name, and every master of the cluster", async () => {
    await using watched = await startRedisSentinel(topologies.found("redis-sentinel").path, {
      clock,
    });
    await using made = await startRedisCluster(topologies.found("redis-cluster").path, { clock });
    const stateDir = emptyDir();
    const look = async (redis: object): Promise<PartFinding | undefined> => {
      const config = loadConfig(
        undefined,
        {},
        { stateDir, listen: { port: 0 }, stores: { redis } },
      );
      const found = await examineParts(config, { clock, random: systemRandom() });
      return found.find(({ id }) => id === "redis");
    };
    const master = { sentinels: [...watched.sentinelUrls], master: watched.name };
    const cluster = { cluster: made.urls.slice(0, 2) };
    const isFound = async (redis: object): Promise<boolean> => (await look(redis))?.found === true;
    await eventually(clock, () => isFound(master), 60_000);
    await eventually(clock, () => isFound(cluster), 60_000);
    expect((await look({ ...master, master: "nobody" }))?.found).toBe(false);
  }, 180_000);
});
