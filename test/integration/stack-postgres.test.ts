import { systemClock } from "@loadline/kit/clock";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type RunningPostgres, startPostgres } from "../../packages/testkit/src/postgres/index.ts";
import { claimsOf } from "./stack-claims.ts";

const parts = await requireParts(["postgres-15"], { rows: ["R1-10", "R1-36"] });
const clock = systemClock();

/** A statement of the superuser. */
async function sql(server: RunningPostgres, ...statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  try {
    for (const text of statements) await client.query(text);
  } finally {
    await client.end();
  }
}

/** Verdict and sentence of every claim of a stack of that one database. */
function validated(server: RunningPostgres, more: object): Promise<Record<string, string>> {
  const url = `postgres://127.0.0.1:${server.port}/postgres`;
  return claimsOf({ kind: "postgres", url, user: "postgres", leastPrivilege: false, ...more });
}

describe.skipIf(parts.missing)("PostgreSQL under use", () => {
  let server: RunningPostgres;

  beforeAll(async () => {
    server = await startPostgres(parts.found("postgres-15").path, { clock });
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());

  const validate = (more: object): Promise<Record<string, string>> => validated(server, more);

  it("answers the declared sessions at once, and more than it has are told as refused", async () => {
    const few = await validate({ pool: { sessions: 20 } });
    expect(few["pool"]).toMatch(/^passed: 20 of 20 sessions were answered/);
    const many = await validate({ pool: { sessions: 150 } });
    expect(many["pool"]).toMatch(/^failed false: .*refused: 53300/);
  }, 60_000);

  it("without pg_stat_statements slow statements are not tested by name", async () => {
    const said = await validate({ slowStatementMs: 100 });
    expect(said["slow_statements"]).toMatch(/^not_tested capability_missing: .*pg_stat_statements/);
  });

  it("a primary nobody follows has no lag that could be passed", async () => {
    const said = await validate({ replication: "primary", lagSecondsMax: 5 });
    expect(said["replication_lag"]).toMatch(/^failed false: 0 follow/);
  });

  it("memory and listeners are found through its port, children included", async () => {
    const listeners = [`127.0.0.1:${server.port}`];
    const said = await validate({ listeners, limits: { memoryBytes: 1_000_000 } });
    expect(said["listeners"]).toMatch(/^passed/);
    expect(said["memory"]).toMatch(
      /^failed false: [4-9]\d* processes|^failed false: 1\d processes/,
    );
  });
});

describe.skipIf(parts.missing)("a primary, its standby and their statements", () => {
  const servers = new AsyncDisposableStack();
  let primary: RunningPostgres;
  let standby: RunningPostgres;

  beforeAll(async () => {
    const { path } = parts.found("postgres-15");
    const settings = ["shared_preload_libraries = 'pg_stat_statements'"];
    primary = servers.use(await startPostgres(path, { clock, settings }));
    standby = servers.use(await startPostgres(path, { clock, follows: primary }));
  }, 90_000);
  afterAll(() => servers.disposeAsync());

  it("each is what it was declared, and keeps up; declared the other way round both are told", async () => {
    await sql(primary, "create table rows (n int)", "insert into rows values (1)");
    const [first, second] = [
      { replication: "primary", lagSecondsMax: 20 },
      { replication: "standby" },
    ];
    const said = await validated(primary, first);
    expect(said["replication"]).toMatch(/^passed: In recovery: f; standbys that follow: 1/);
    expect(said["replication_lag"]).toMatch(/^passed: 1 follow, 0 of them too far behind/);
    const follower = await validated(standby, { ...second, lagSecondsMax: 20 });
    expect(follower["replication"]).toMatch(/^passed: In recovery: t/);
    expect(follower["replication_lag"]).toMatch(/^passed: 1 follow, 0 of them too far behind/);
    expect((await validated(primary, second))["replication"]).toMatch(/^failed false/);
    expect((await validated(standby, first))["replication"]).toMatch(/^failed false/);
  }, 60_000);

  it("a standby that no longer replays is told by its lag", async () => {
    await sql(standby, "select pg_wal_replay_pause()");
    try {
      await sql(primary, "insert into rows select generate_series(1, 1000)");
      const isBehind = async (): Promise<boolean> => {
        const said = await validated(standby, { replication: "standby", lagSecondsMax: 0.2 });
        return said["replication_lag"]?.startsWith("failed false") === true;
      };
      await eventually(clock, isBehind, 20_000);
    } finally {
      await sql(standby, "select pg_wal_replay_resume()");
    }
  }, 60_000);

  it("a statement that is slow on average is told with its calls, one that is not is passed", async () => {
    await sql(primary, "create extension pg_stat_statements", "select pg_stat_statements_reset()");
    await sql(primary, ...Array.from({ length: 6 }, () => "select pg_sleep(0.05)"));
    const slow = await validated(primary, { slowStatementMs: 40 });
    expect(slow["slow_statements"]).toMatch(
      /^failed false: [1-9]\d* are too slow; the slowest takes \d+\.\d ms over [6-9] calls/,
    );
    const fast = await validated(primary, { slowStatementMs: 60_000 });
    expect(fast["slow_statements"]).toMatch(/^passed: 0 are too slow; the slowest takes \d+/);
  }, 60_000);

  it("a query that never ends is told while it runs", async () => {
    const client = new Client({ connectionString: primary.url });
    await client.connect();
    const ended = client.query("select pg_sleep(60)").catch((cause: unknown) => cause);
    try {
      const isTold = async (): Promise<boolean> => {
        const said = await validated(primary, { slowQueryMs: 300 });
        return said["slow_queries"]?.startsWith("failed false: 1 others run") === true;
      };
      await eventually(clock, isTold, 20_000);
    } finally {
      await sql(
        primary,
        "select pg_cancel_backend(pid) from pg_stat_activity where query like 'select pg_sleep(60)%' and pid <> pg_backend_pid()",
      );
      await ended;
      await client.end().catch(() => undefined);
    }
    // Of the server's own a busy machine may keep one waiting.
    const isOver = async (): Promise<boolean> => {
      const said = await validated(primary, { slowQueryMs: 300 });
      return said["slow_queries"]?.startsWith("passed") === true;
    };
    await eventually(clock, isOver, 20_000);
  }, 60_000);
});
