import { describe, expect, it } from "vitest";
import type { StackRule } from "./probe.ts";
import { runStackPlan, type StackResult } from "./stack.fixture.ts";
import { startGrafanaTwin } from "./stubs/grafana.ts";
import { startMcpTwin } from "./stubs/mcp.ts";
import { startMlflowTwin } from "./stubs/mlflow.ts";
import { startPostgresStub } from "./stubs/postgres.ts";
import { startRagTwin } from "./stubs/rag.ts";
import { startRedisStub } from "./stubs/redis.ts";
import { startS3Twin } from "./stubs/s3.ts";
import { jsonReply, startWebStub } from "./stubs/web.ts";
import { againstTwin } from "./twin-suite.fixture.ts";

const s3 = startS3Twin("s3");

describe("an object store that answers 200 with something else", () => {
  it.each([
    ["the list of its bucket", "GET /data?list-type=2&max-keys=1", "login"],
    ["its versioning", "GET /data?versioning", "versioning"],
    ["its policy", "GET /data?policy", "policy"],
  ])("to %s has not answered it", async (_, when, check) => {
    for (const reply of ["<html>welcome</html>", ""]) {
      const more = check === "versioning" ? { versioning: false } : {};
      const { words } = await againstTwin(s3, [{ when, status: 200, reply }], more);
      expect(words[`it.${check}`], reply).toBe("failed false");
    }
  });

  it("whose own keys may not write to a bucket says nothing of who may read it", async () => {
    const rules = [
      { when: "PUT /data/anonymous/", status: 403, reply: "<Code>AccessDenied</Code>" },
    ];
    const { words, sentences } = await againstTwin(s3, rules);
    expect(words["it.private"]).toBe("not_tested capability_missing");
    expect(sentences["it.private"]).toContain("The keys may not write to data");
  });

  it("whose other buckets its keys may not list says nothing of them, and is not red for it", async () => {
    const rules = [{ when: "GET /spare?list-type=2 unsigned", status: 200, reply: "" }];
    const { words, sentences } = await againstTwin(s3, rules);
    expect(words["it.other_buckets"]).toBe("failed false");
    expect(sentences["it.other_buckets"]).toContain("spare (200)");
    const elsewhere = [{ when: "GET /spare?list-type=2 unsigned", status: 301, reply: "" }];
    const moved = await againstTwin(s3, elsewhere);
    expect(moved.words["it.other_buckets"]).toBe("not_tested capability_missing");
    expect(moved.sentences["it.other_buckets"]).toContain("spare (301)");
    await using twin = await s3([]);
    await using blind = await startWebStub(
      [],
      [
        { when: "GET /data", answer: { reply: "<ListBucketResult/>" } },
        {
          when: "GET /",
          answer: { status: 403, reply: "<Error><Code>AccessDenied</Code></Error>" },
        },
      ],
    );
    const it_ = { ...twin.service, url: blind.url };
    const seen = await runStackPlan({ timeoutMs: 10_000, services: { it: it_ } }, twin.secrets);
    expect(seen.words["it.login"]).toBe("passed");
    expect(seen.words["it.other_buckets"]).toBe("not_tested capability_missing");
  });

  it("which the world may list is open, whether we may write or not", async () => {
    const rules = [
      { when: "PUT /data/anonymous/", status: 403, reply: "" },
      { when: "GET /data?list-type=2 unsigned", status: 200, reply: "<ListBucketResult/>" },
    ];
    const { words } = await againstTwin(s3, rules);
    expect(words["it.private"]).toBe("failed false");
  });

  it("the command of a wrong secret carries a wrong secret, and no right one", async () => {
    const rules = [
      { when: "GET /data?list-type=2 badly", status: 200, reply: "<ListBucketResult/>" },
    ];
    const { evidence } = await againstTwin(s3, rules);
    const lines = evidence
      .split("\n")
      .filter((line) => line.includes("wrong secret: answered 200"));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toContain('"$TWIN_ACCESS:${TWIN_SECRET}x"');
  });
});

describe("MLflow that answers 200 with an error", () => {
  it.each([
    '{"error_code":"INTERNAL_ERROR","message":"no store"}',
    '{"error":"login"}',
    '"experiments"',
  ])("%s has listed nothing", async (reply) => {
    const rules = [{ when: "GET /api/2.0/mlflow/experiments/search", status: 200, reply }];
    const { words } = await againstTwin(startMlflowTwin, rules);
    expect(words["it.login"]).toBe("failed false");
  });
});

describe("an MCP server that answers 200", () => {
  const plain = 'POST / {"jsonrpc":"2.0","method":"tools/list"';
  it.each([
    [
      "with an error",
      '{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"no such version"}}',
    ],
    ["with a page", "<html>welcome</html>"],
    ["with nothing", ""],
    ["with the result of another request", '{"jsonrpc":"2.0","id":9,"result":{"tools":[]}}'],
  ])("%s has let nobody in", async (_, reply) => {
    const rules = [{ when: plain, reply }];
    const more = { protocols: ["2026-07-28"] };
    const { words } = await againstTwin(startMcpTwin, rules, more);
    expect(words["it.opens"]).toBe("failed false");
  });

  it("to a call with the result of another has not answered it", async () => {
    const reply = JSON.stringify({
      jsonrpc: "2.0",
      id: 77,
      result: { resultType: "complete", content: [{ type: "text", text: "loadline" }] },
    });
    const rules = [{ when: 'POST / {"jsonrpc":"2.0","method":"tools/call"', reply }];
    const { words } = await againstTwin(startMcpTwin, rules, {
      call: { tool: "echo", arguments: {}, expect: "loadline" },
    });
    expect(words["it.call"]).toBe("failed false");
  });
});

describe("a store of documents whose search fails", () => {
  it("has not shown that a document is gone", async () => {
    await using twin = await startRagTwin([]);
    let own: unknown = null;
    let isFailing = false;
    await using stub = await startWebStub(
      [],
      [
        {
          when: "POST /rag/documents",
          answer: ({ text }) => ((own = JSON.parse(text)), jsonReply({}, 201)),
        },
        {
          when: "POST /rag/query",
          answer: () =>
            isFailing ? jsonReply({}, 500) : jsonReply({ results: own === null ? [] : [own] }),
        },
        {
          // From the first delete on, every search is an error.
          when: "DELETE /rag/documents/",
          answer: () => ((isFailing = true), (own = null), jsonReply({})),
        },
      ],
    );
    const it_ = { ...twin.service, url: stub.url };
    const { words, sentences } = await runStackPlan({ timeoutMs: 10_000, services: { it: it_ } });
    expect(isFailing).toBe(true);
    expect(words["it.read_back"]).toBe("failed false");
    expect(sentences["it.read_back"]).toContain("500");
  });

  it.each([500, 503, 400])("with %i for the other tenant has not kept it apart", async (status) => {
    await using twin = await startRagTwin([]);
    let own = "";
    await using stub = await startWebStub(
      [],
      [
        { when: "POST /rag/documents", answer: ({ text }) => ((own = text), jsonReply({}, 201)) },
        {
          when: "POST /rag/query",
          answer: ({ headers }) => {
            if (headers["x-tenant"] === "b") return jsonReply({}, status);
            const value: unknown = own === "" ? null : JSON.parse(own);
            return jsonReply({ results: value === null ? [] : [value] });
          },
        },
        { when: "DELETE /rag/documents/", answer: () => ((own = ""), jsonReply({})) },
      ],
    );
    const it_ = { ...twin.service, url: stub.url };
    const { words, sentences } = await runStackPlan({ timeoutMs: 10_000, services: { it: it_ } });
    expect(words["it.read_back"]).toBe("passed");
    expect(words["it.isolation"]).toBe("failed false");
    expect(sentences["it.isolation"]).toContain(String(status));
  });
});

describe("a panel", () => {
  const panel = (values: unknown) => [
    {
      when: "POST /api/ds/query",
      reply: JSON.stringify({ results: { A: { frames: [{ data: { values } }] } } }),
    },
  ];
  it.each([
    [
      "times and no value",
      [
        [1, 2],
        [null, null],
      ],
      "failed false",
    ],
    [
      "times and a value",
      [
        [1, 2],
        [null, 3],
      ],
      "passed",
    ],
    ["one column of values", [[7]], "passed"],
    ["one column of nothing", [[null]], "failed false"],
  ])("of %s is judged by its values", async (_, values, word) => {
    const { words } = await againstTwin(startGrafanaTwin, panel(values));
    expect(words["it.panels"]).toBe(word);
  });
});

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

describe("a service that tells no version", () => {
  it.each(["{}", '{"version":"unknown"}'])(
    "and of which one is declared (%s) is not wrong, and not passed",
    async (reply) => {
      await using stub = await startWebStub([], [{ when: "GET /health", answer: { reply } }]);
      const it_ = { kind: "http", url: stub.url, version: "2.1" };
      const { words, sentences } = await runStackPlan({ services: { it: it_ } });
      expect(words["it.answers"]).toBe("passed");
      expect(words["it.version"]).toBe("not_tested capability_missing");
      expect(sentences["it.version"]).toBe("it tells no version.");
    },
  );
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
