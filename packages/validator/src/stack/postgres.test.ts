import { describe, expect, it } from "vitest";
import type { StackRule } from "./probe.ts";
import { having, runStackPlan, type StackResult } from "./stack.fixture.ts";
import { startPostgresStub } from "./stubs/postgres.ts";
import { startRedisStub } from "./stubs/redis.ts";
import { stackProbes } from "./table.ts";

const password = "a-right-password-of-the-stub";
const ofKind = (kind: string) => stackProbes.filter((probe) => probe.kind === kind);

async function against(
  kind: string,
  rules: readonly StackRule[],
  more: object = {},
): Promise<StackResult> {
  await using stub = await startPostgresStub(rules, password);
  const db = {
    kind,
    url: stub.url,
    user: "app",
    password: "${env:DB_PASSWORD}",
    version: "15",
    migrations: { table: "schema_migrations", head: "0003" },
    sizeBytesMax: 100_000_000,
    replication: "primary",
    lagSecondsMax: 5,
    pool: { sessions: 8 },
    slowStatementMs: 500,
    queries: { orders: { sql: "select count(*) as orders from orders", min: 1 } },
    ...(kind === "timescaledb" ? { hypertables: ["ticks"] } : {}),
    limits: { connections: 50 },
    ...more,
  };
  return await runStackPlan({ timeoutMs: 10_000, services: { db } }, { DB_PASSWORD: password });
}

describe.each(["postgres", "timescaledb"])("the checks of %s", (kind) => {
  it("all pass against the healthy twin", async () => {
    const { words } = await against(kind, []);
    const passed = ofKind(kind).map(({ check }) => [`db.${check}`, "passed"]);
    expect(words).toEqual(Object.fromEntries(passed));
  });

  it.each(ofKind(kind).map((probe) => [probe.check, probe] as const))(
    "the saboteur of %s makes it and no other fail",
    async (check, probe) => {
      const result = await against(kind, probe.saboteur);
      expect(having(result, "failed")).toEqual([`db.${check}`]);
      expect(having(result, "error")).toEqual([]);
    },
  );
});

describe("PostgreSQL where another server is", () => {
  it("a Redis on its port is named", async () => {
    await using stub = await startRedisStub([], null);
    const url = stub.url.replace("redis:", "postgres:");
    const services = { db: { kind: "postgres", url, user: "app" } };
    const result = await runStackPlan({ timeoutMs: 400, services });
    expect(having(result, "failed")).toEqual(["db.answers"]);
    expect(having(result, "passed")).toEqual([]);
  });
});

describe("PostgreSQL under use", () => {
  it("every session of the declared number is let in before one is served", async () => {
    const { sentences } = await against("postgres", []);
    expect(sentences["db.pool"]).toMatch(/^8 of 8 sessions were answered, half within \d+ ms/);
  });

  it("a refused login of one session is told with the server's own words", async () => {
    const rules = [{ when: "select pg_sleep", reply: "!53300 remaining slots are reserved" }];
    const { words, sentences } = await against("postgres", rules);
    expect(words["db.pool"]).toBe("failed false");
    expect(sentences["db.pool"]).toContain("refused: 53300 remaining slots are reserved");
  });

  it("statements nobody counts are not tested by name, and a refused view is told with its words", async () => {
    const { words, sentences } = await against("postgres", [
      { when: "select application_name", reply: "!42501 permission denied" },
      { when: "select extversion from pg_extension where extname = 'pg_stat", reply: "[]" },
    ]);
    expect(words["db.slow_statements"]).toBe("not_tested capability_missing");
    expect(sentences["db.slow_statements"]).toContain("pg_stat_statements is not installed");
    expect(words["db.replication_lag"]).toBe("failed false");
    expect(sentences["db.replication_lag"]).toContain("42501: permission denied");
  });

  it("a version without a column or view is asked for its own, or is an error of the check", async () => {
    const old = await against("postgres", [
      { when: "show server_version", reply: '[["9.6.24"]]' },
      { when: "select round(mean_time", reply: '[["9000","7","1"]]' },
    ]);
    expect(old.words["db.replication_lag"]).toBe("error probe_contract");
    expect(old.words["db.slow_statements"]).toBe("failed false");
    const oldRules = [
      {
        when: "select extversion from pg_extension where extname = 'timescaledb",
        reply: '[["1.7.5"]]',
      },
      { when: "select table_name::text", reply: '[["ticks","9"]]' },
    ];
    const timescale = await against("timescaledb", oldRules, { jobs: 1 });
    expect(timescale.words["db.hypertables"]).toBe("passed");
    expect(timescale.sentences["db.hypertables"]).toContain("ticks has 9 chunks");
    expect(timescale.words["db.jobs"]).toBe("error probe_contract");
  });

  it("a TimescaleDB of which no job ever ran proves nothing of its jobs", async () => {
    const rules = [{ when: "select job_id", reply: "[]" }];
    const { words, sentences } = await against("timescaledb", rules);
    expect(words["db.jobs"]).toBe("not_tested capability_missing");
    expect(sentences["db.jobs"]).toContain("No job of its own has run here");
  });

  it("declared jobs that did not run are a failure, and where the licence has none the check's error", async () => {
    const few = await against("timescaledb", [], { jobs: 2 });
    expect(few.words["db.jobs"]).toBe("failed false");
    expect(few.sentences["db.jobs"]).toContain("1 jobs of 2 declared, 0 failed");
    const none = { when: "select job_id", reply: "[]" };
    const own = (edition: string) => ({
      when: "select current_setting('timescaledb.license'",
      reply: `[["${edition}"]]`,
    });
    const whole = await against("timescaledb", [none, own("timescale")], { jobs: 1 });
    expect(whole.words["db.jobs"]).toBe("failed false");
    const apache = await against("timescaledb", [none, own("apache")], { jobs: 1 });
    expect(apache.words["db.jobs"]).toBe("error probe_contract");
    expect(apache.sentences["db.jobs"]).toContain("the licence is apache");
  });
});

describe("declared queries", () => {
  const ask = (queries: object, rules: readonly StackRule[] = []): Promise<StackResult> =>
    against("postgres", rules, { queries });
  const orders = { sql: "select count(*) as orders from orders" };

  it.each([
    [{ min: 1, max: 7 }, "passed", "gave what is declared"],
    [{ equals: "7" }, "passed", "gave what is declared"],
    [{ min: 8 }, "failed false", "gave what is 7, less than 8"],
    [{ contains: "9" }, "failed false", 'gave what is without "9"'],
  ])("of which %j is expected: %s [R1-37]", async (expected, word, sentence) => {
    const { words, sentences, evidence } = await ask({ orders: { ...orders, ...expected } });
    expect(words["db.queries"]).toBe(word);
    expect(`${sentences["db.queries"]}${evidence}`).toContain(sentence);
  });

  it("that are refused say why, and the next one is asked all the same", async () => {
    const rules = [{ when: "select gone", reply: '!42P01 relation "gone" does not exist' }];
    const queries = { first: { sql: "select gone" }, second: { ...orders, min: 1 } };
    const { words, sentences, evidence } = await ask(queries, rules);
    expect(words["db.queries"]).toBe("failed false");
    expect(sentences["db.queries"]).toContain('first: it was refused: 42P01 relation "gone"');
    expect(evidence).toContain("second: it gave what is declared");
  });

  it("are no claim where none is declared", async () => {
    expect(Object.keys((await ask({})).words)).not.toContain("db.queries");
  });
});
