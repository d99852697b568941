import { describe, expect, it } from "vitest";
import type { StackRule } from "./probe.ts";
import { runStackPlan, type StackResult } from "./stack.fixture.ts";
import { startPostgresStub } from "./stubs/postgres.ts";
import { startRedisStub } from "./stubs/redis.ts";

describe("PostgreSQL that follows another", () => {
  const password = "a-right-password";
  async function standby(rows: string, more: object = {}): Promise<StackResult> {
    const rules = [
      { when: "select 'standby'", reply: rows },
      { when: "select pg_is_in_recovery", reply: '[["t","0"]]' },
    ];
    await using stub = await startPostgresStub(rules, password);
    const db = {
      kind: "postgres",
      url: stub.url,
      user: "app",
      password: "${env:P}",
      replication: "standby",
      lagSecondsMax: 5,
      ...more,
    };
    return await runStackPlan({ timeoutMs: 10_000, services: { db } }, { P: password });
  }

  it.each([
    ["streams and is near", '[["standby","streaming","0.5"]]', "passed"],
    [
      "has replayed all it got and gets nothing more",
      '[["standby","no receiver","0"]]',
      "failed false",
    ],
    ["waits for its primary", '[["standby","waiting","0"]]', "failed false"],
    ["streams and is far behind", '[["standby","streaming","60"]]', "failed false"],
    ["may not tell", '[["standby",null,"0"]]', "not_tested capability_missing"],
  ])("and %s", async (_, rows, word) => {
    expect((await standby(rows)).words["db.replication_lag"]).toBe(word);
  });

  it("is asked whether it receives, not whether it replayed alone", async () => {
    const { evidence } = await standby('[["standby","waiting","0"]]');
    expect(evidence).toContain("pg_stat_wal_receiver");
  });
});

describe("PostgreSQL of one login", () => {
  const password = "a-right-password";
  async function asked(rules: readonly StackRule[], more: object = {}): Promise<StackResult> {
    await using stub = await startPostgresStub(rules, password);
    const db = { kind: "postgres", url: stub.url, user: "app", password: "${env:P}", ...more };
    return await runStackPlan({ timeoutMs: 10_000, services: { db } }, { P: password });
  }

  it("is asked for its newest migration in the order of the column's own type", async () => {
    const migrations = { table: "app.steps", head: "0003" };
    const { words, evidence } = await asked([], { migrations });
    expect(words["db.migrations"]).toBe("passed");
    expect(evidence).toContain("from app.steps as t order by t.version desc nulls last limit 1");
  });

  it("whose newest migration is not the head is behind, or ahead, of its build", async () => {
    const migrations = { table: "steps", head: "0003" };
    for (const reply of ['[["1","0004"]]', '[["0","0002"]]', '[["0",null]]', "[]"]) {
      const { words } = await asked([{ when: "select count(*) filter", reply }], { migrations });
      expect(words["db.migrations"], reply).toBe("failed false");
    }
  });

  it("before version 10 is not asked for what it does not tell", async () => {
    const old = await asked([{ when: "show server_version", reply: '[["9.6.24"]]' }]);
    expect(old.words["db.slow_queries"]).toBe("passed");
    const rules = [
      { when: "show server_version", reply: '[["9.6.24"]]' },
      { when: "select extract(epoch from now() - query_start)", reply: '[["86400000"]]' },
    ];
    const { words, evidence } = await asked(rules);
    expect(words["db.slow_queries"]).toBe("failed false");
    expect(evidence).not.toContain("backend_type");
  });

  it("that has no room to let us into another database has not refused it", async () => {
    const rules = [{ when: "other database", reply: "!53300 too many clients already" }];
    const { words } = await asked(rules);
    expect(words["db.grants"]).toBe("not_tested capability_missing");
    const created = await asked([...rules, { when: "create role", reply: "[]" }]);
    expect(created.words["db.grants"]).toBe("failed false");
  });

  it("is tried at fifty others, those it has the right to first; what more it has keeps the claim open", async () => {
    const names = Array.from({ length: 50 }, (_, at) => [`d${at}`, "51"]);
    const rules = [
      { when: "select datname", reply: JSON.stringify(names) },
      { when: "other database", reply: "!42501 permission denied for database" },
    ];
    const { words, sentences } = await asked(rules);
    expect(words["db.grants"]).toBe("not_tested capability_missing");
    expect(sentences["db.grants"]).toContain("51 others are open to it, and 50 were tried");
    const few = [{ when: "select datname", reply: '[["other","1"]]' }];
    const refused = await asked([...few, ...rules.slice(1)]);
    expect(refused.words["db.grants"]).toBe("passed");
  });

  it("is not asked for a database that lets nobody in", async () => {
    const rules = [
      { when: "select datname, count(*)", reply: "[]" },
      { when: "other database", reply: "!55000 database is not currently accepting connections" },
    ];
    const { words } = await asked(rules);
    expect(words["db.grants"]).toBe("passed");
  });

  it("that is cut while it writes loses its schema all the same", async () => {
    const dropped: string[] = [];
    const rules: StackRule[] = [
      { when: "select value", reply: "!57P01 terminating connection" },
      {
        when: "drop schema",
        get reply() {
          dropped.push("drop");
          return "[]";
        },
      },
    ];
    // Rules stand behind the value that was written, so the insert is the one that fails.
    rules.unshift({ when: "insert into", reply: "!53100 could not extend file: disk full" });
    const { words, sentences } = await asked(rules);
    expect(words["db.read_back"]).toBe("failed false");
    expect(sentences["db.read_back"]).toContain("53100");
    expect(dropped).toHaveLength(1);
  });
});

describe("Redis without a figure of its last save", () => {
  it("has not shown that it is in order", async () => {
    const rules = [{ when: "INFO", reply: "#rdb_last_bgsave_status:" }];
    await using stub = await startRedisStub(rules, null);
    const cache = { kind: "redis", url: stub.url };
    const { words, sentences } = await runStackPlan({ timeoutMs: 10_000, services: { cache } });
    expect(words["cache.persistence"]).toBe("failed false");
    expect(sentences["cache.persistence"]).toContain("rdb_last_bgsave_status");
  });
});

describe("a user of Redis who may not ask for its configuration", () => {
  it("leaves what is to persist not tested, and no failure of it", async () => {
    const rules = [
      { when: "INFO", reply: "#aof_enabled:0" },
      { when: "CONFIG", reply: "-NOPERM this user has no permissions to run 'config|get'\r\n" },
    ];
    await using stub = await startRedisStub(rules, null);
    const cache = { kind: "redis", url: stub.url, persistence: "rdb" };
    const { words, sentences } = await runStackPlan({ timeoutMs: 10_000, services: { cache } });
    expect(words["cache.persistence"]).toBe("not_tested capability_missing");
    expect(sentences["cache.persistence"]).toContain("may not ask for CONFIG");
  });
});

describe("the command of an open Redis", () => {
  it("is a whole command, with the wrong password and without the right one", async () => {
    const rules = [{ when: "GET loadline-locked", reply: "$-1\r\n" }];
    await using stub = await startRedisStub(rules, "right");
    const cache = { kind: "redis", url: stub.url, password: "${env:P}" };
    const { evidence } = await runStackPlan(
      { timeoutMs: 10_000, services: { cache } },
      { P: "right" },
    );
    const found = evidence
      .split("\n")
      .filter((line) => line.includes('"kind":"finding"') && line.includes("locked"));
    const commands = found.map((line) => {
      const value: { data: { reproduce: string[] } } = JSON.parse(line);
      return value.data.reproduce.join(" ");
    });
    expect(commands).toContain(`redis-cli -u ${stub.url} GET loadline-locked`);
    expect(commands).toContain(
      `env REDISCLI_AUTH=loadline-wrong-password redis-cli -u ${stub.url} GET loadline-locked`,
    );
    expect(commands.join("\n")).not.toContain("$P");
  });
});

describe("a limit of memory of a Redis", () => {
  it("is held against its own maxmemory, and one that is not set is told by what comes of it", async () => {
    const look = async (maxmemory: string) => {
      const rules = [{ when: "INFO", reply: `#maxmemory:${maxmemory}` }];
      await using stub = await startRedisStub(rules, null);
      const limits = { memoryBytes: 536_870_912 };
      const cache = { kind: "redis", url: stub.url, limits };
      const { words, sentences } = await runStackPlan({ timeoutMs: 10_000, services: { cache } });
      return `${words["cache.limits"]}: ${sentences["cache.limits"]}`;
    };
    expect(await look("536870912")).toMatch(/^passed/);
    expect(await look("536870913")).toMatch(/^failed false: .*maxmemory is 536870913 bytes/);
    expect(await look("0")).toMatch(
      /^failed false: .*maxmemory is not set: it grows until something ends it, at 536870912 bytes/,
    );
  });
});
