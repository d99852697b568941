/** A check that asks for what a version lacks says so: an error of its own, or not tested. */
import { describe, expect, it } from "vitest";
import { runStackPlan, type StackResult } from "./stack.fixture.ts";
import type { StackRule } from "./probe.ts";
import { startGrafanaTwin } from "./stubs/grafana.ts";
import { startJaegerTwin } from "./stubs/jaeger.ts";
import { startKubernetesTwin } from "./stubs/kubernetes.ts";
import { startMlflowTwin } from "./stubs/mlflow.ts";
import { startNeo4jTwin } from "./stubs/neo4j.ts";
import { startPostgresStub } from "./stubs/postgres.ts";
import { startPrometheusTwin } from "./stubs/prometheus.ts";
import { startQdrantTwin } from "./stubs/qdrant.ts";
import { startRedisStub } from "./stubs/redis.ts";
import { jsonReply, startWebStub, type WebRoute } from "./stubs/web.ts";
import { againstTwin } from "./twin-suite.fixture.ts";

const notFound = { status: 404, headers: { "content-type": "text/plain" } };
const gone = (when: string): StackRule => ({ when, reply: "404 page not found\n", ...notFound });

/** A server with these routes alone, behind a service of that kind. */
async function asked(
  service: Readonly<Record<string, unknown>>,
  routes: readonly WebRoute[],
): Promise<StackResult> {
  const missing = { when: "", answer: gone("") };
  await using stub = await startWebStub([], [...routes, missing]);
  const services = { it: { ...service, url: stub.url } };
  return await runStackPlan({ timeoutMs: 5_000, services });
}

const failed = ({ words }: StackResult): string[] =>
  Object.keys(words).filter((id) => words[id]?.startsWith("failed") === true);

describe("Prometheus before 2.14, which has no buildinfo", () => {
  const version = jsonReply({ version: "2.13.1", revision: "6ea4252", goVersion: "go1.13.1" });
  const older = [
    gone("GET /api/v1/status/buildinfo"),
    { when: "GET /version ", reply: version.reply },
  ];

  it("passes by what its own version has, which is told [R4-02] [R2-57]", async () => {
    const more = { version: "2.13" };
    const result = await againstTwin(startPrometheusTwin, older, more);
    expect(failed(result)).toEqual([]);
    expect(result.words["it.answers"]).toBe("passed");
    expect(result.sentences["it.answers"]).toContain("Prometheus 2.13.1 answered");
    expect(result.words["it.version"]).toBe("passed");
    const other = await againstTwin(startPrometheusTwin, older, { version: "2.14" });
    expect(other.words["it.version"]).toBe("failed false");
  });

  it("and no rules before 2.4: an error of the check, with the version", async () => {
    const rules = [...older, gone("GET /api/v1/rules")];
    const { words, sentences } = await againstTwin(startPrometheusTwin, rules, { version: "2" });
    expect(words["it.rules"]).toBe("error probe_contract");
    expect(sentences["it.rules"]).toContain("Prometheus 2.13.1 has no /api/v1/rules");
  });

  it("and no subqueries before 2.7: restarts of a young history are not tested", async () => {
    const said = 'parse error: unexpected ":" in range';
    const error = { status: "error", errorType: "bad_data", error: said };
    const young = { data: { result: [{ metric: {}, value: [1, "7200"] }] }, status: "success" };
    const uptime = [{ of: "process_start_time_seconds", seconds: 3_600 }];
    const query = "GET /api/v1/query?query=time()%20-%20";
    const rules = [
      ...older,
      { when: `${query}process_start`, reply: JSON.stringify(young) },
      { when: `${query}min_over_time`, status: 400, reply: JSON.stringify(error) },
    ];
    const more = { version: "2", uptime };
    const { words, sentences } = await againstTwin(startPrometheusTwin, rules, more);
    expect(words["it.uptime"]).toBe("not_tested capability_missing");
    expect(sentences["it.uptime"]).toContain(`does not understand what was asked: ${said}`);
  });

  it("and a query it cannot read is no failure of what it watches", async () => {
    const error = '{"status":"error","errorType":"bad_data","error":"unknown function"}';
    const rules = [...older, { when: "GET /api/v1/query", status: 400, reply: error }];
    const { words } = await againstTwin(startPrometheusTwin, rules, { version: "2" });
    expect(words["it.fresh"]).toBe("error probe_contract");
    const busy = [...older, { when: "GET /api/v1/query", status: 503, reply: error }];
    const down = await againstTwin(startPrometheusTwin, busy, { version: "2" });
    expect(down.words["it.fresh"]).toBe("failed false");
  });

  it("a version page of another server is none of it", async () => {
    const rules = older.map((rule) =>
      rule.when === "GET /version " ? { ...rule, reply: '{"version":"2.13.1"}' } : rule,
    );
    const { words } = await againstTwin(startPrometheusTwin, rules);
    expect(words["it.answers"]).toBe("failed false");
  });

  it("what answers its queries and tells no version anywhere is taken for one of unknown version", async () => {
    const one = { status: "success", data: { resultType: "scalar", result: [1, "1"] } };
    const service = { kind: "prometheus", version: "2" };
    const routes = [{ when: "GET /api/v1/query?query=1 ", answer: jsonReply(one) }];
    const { words, sentences } = await asked(service, routes);
    expect(words["it.answers"]).toBe("passed");
    expect(words["it.version"]).toBe("not_tested capability_missing");
    expect(sentences["it.targets"]).toContain("has no /api/v1/targets");
  });

  it("a server with none of the three routes is no Prometheus", async () => {
    const { words, sentences } = await asked({ kind: "prometheus" }, []);
    expect(words["it.answers"]).toBe("failed false");
    expect(sentences["it.answers"]).toContain("No Prometheus answers there");
    expect(words["it.targets"]).toBe("not_tested baseline_broken");
  });
});

describe("Alertmanager before 0.16, which has no API v2", () => {
  const declared = {
    kind: "alertmanager",
    routes: [{ labels: { severity: "page" }, receiver: "pager" }],
    sink: { listen: "127.0.0.1:9", labels: { severity: "page" } },
    version: "0.15",
  };
  const status = (cluster: string, version = "0.15.3") => ({
    when: "GET /api/v1/status ",
    answer: jsonReply({
      status: "success",
      data: { versionInfo: { version }, clusterStatus: { name: "01C", status: cluster } },
    }),
  });

  it("answers, and what needs the API is an error of the check, by its version", async () => {
    const service = { ...declared, sink: undefined };
    const result = await asked(service, [status("ready")]);
    expect(failed(result)).toEqual([]);
    expect(result.words).toMatchObject({
      "it.answers": "passed",
      "it.version": "passed",
      "it.routes": "error probe_contract",
    });
    expect(result.sentences["it.routes"]).toContain(
      "Alertmanager 0.15.3 takes no POST /api/v2/silences",
    );
    expect(result.exitCode).toBe(2);
  });

  it("that settles is not in order, as a newer one is not", async () => {
    const { words } = await asked({ kind: "alertmanager" }, [status("settling")]);
    expect(words["it.answers"]).toBe("failed false");
  });
});

describe("Redis", () => {
  const old = "#redis_version:5.0.7;maxclients:";
  const declared = { kind: "redis", limits: { connections: 100 } };
  const look = async (rules: readonly StackRule[], more: object = {}): Promise<StackResult> => {
    await using stub = await startRedisStub(rules, "right");
    const cache = { ...declared, url: stub.url, password: "${env:P}", ...more };
    return await runStackPlan({ timeoutMs: 5_000, services: { cache } }, { P: "right" });
  };

  it("before 6.2, whose INFO tells no maxclients, is asked for it by CONFIG", async () => {
    const list = (value: string) => `*2\r\n$10\r\nmaxclients\r\n$${value.length}\r\n${value}\r\n`;
    for (const [value, word] of [
      ["4064", "passed"],
      ["64", "failed false"],
    ] as const) {
      const rules = [
        { when: "INFO", reply: old },
        { when: "CONFIG GET maxclients", reply: list(value) },
      ];
      const { words, sentences } = await look(rules);
      expect(words["cache.limits"]).toBe(word);
      if (word !== "passed") expect(sentences["cache.limits"]).toContain("maxclients is 64");
    }
  });

  it("that tells it nowhere is an error of the check, and no server without clients", async () => {
    const rules = [
      { when: "INFO", reply: old },
      { when: "CONFIG", reply: "-ERR unknown command `CONFIG`\r\n" },
    ];
    const { words, sentences } = await look(rules);
    expect(words["cache.limits"]).toBe("error probe_contract");
    expect(sentences["cache.limits"]).toContain("CONFIG GET");
  });

  it("before 6 knows no users: the login is an error of the check", async () => {
    const said = "-ERR wrong number of arguments for 'auth' command\r\n";
    const { words, sentences } = await look([{ when: "AUTH app", reply: said }], { user: "app" });
    expect(words["cache.login"]).toBe("error probe_contract");
    expect(sentences["cache.login"]).toContain("knows no users");
    expect(words["cache.read_back"]).toBe("not_tested capability_missing");
  });
});

describe("PostgreSQL that does not know what a check asks of it", () => {
  it.each([
    ["select (select sum(numbackends)", "connections", "42P01 relation pg_stat_database"],
    ["select name, setting", "durability", "42703 column setting does not exist"],
    ["select pg_is_in_recovery", "replication", "42883 function pg_is_in_recovery() unknown"],
    ["select count(*) filter", "migrations", '42601 syntax error at or near "("'],
  ])("%s...: the check %s is in error, not the server", async (when, check, said) => {
    await using stub = await startPostgresStub([{ when, reply: `!${said}` }], "right");
    const db = {
      kind: "postgres",
      url: stub.url,
      user: "app",
      password: "${env:P}",
      replication: "primary",
      migrations: { table: "schema_migrations", head: "0003" },
    };
    const { words, sentences } = await runStackPlan(
      { timeoutMs: 5_000, services: { db } },
      { P: "right" },
    );
    expect(words[`db.${check}`]).toBe("error probe_contract");
    expect(sentences[`db.${check}`]).toContain("PostgreSQL 15.9 does not know");
  });

  it("a refusal of what it does know is its own", async () => {
    const rule = { when: "select name, setting", reply: "!57P03 the database is starting up" };
    await using stub = await startPostgresStub([rule], "right");
    const db = { kind: "postgres", url: stub.url, user: "app", password: "${env:P}" };
    const { words } = await runStackPlan({ services: { db } }, { P: "right" });
    expect(words["db.durability"]).toBe("failed false");
  });
});

describe("MLflow before 2.0, which has no /version", () => {
  const first = { experiment: { experiment_id: "0", name: "Default" } };
  const known = "GET /api/2.0/mlflow/experiments/get?experiment_id=0";

  it("is known by its API, and what its API lacks is an error of the check [R1-15]", async () => {
    const rules = [
      gone("GET /version"),
      { when: known, reply: JSON.stringify(first) },
      gone("GET /api/2.0/mlflow/experiments/search"),
    ];
    const { words, sentences } = await againstTwin(startMlflowTwin, rules);
    expect(words["it.answers"]).toBe("passed");
    expect(words["it.version"]).toBe("not_tested capability_missing");
    expect(words["it.login"]).toBe("error probe_contract");
    expect(sentences["it.login"]).toContain("has no route api/2.0/mlflow/experiments/search");
  });

  it("a server that says OK and has no such API is none", async () => {
    const rules = [gone("GET /version"), gone(known)];
    const { words } = await againstTwin(startMlflowTwin, rules);
    expect(words["it.answers"]).toBe("failed false");
  });
});

describe("Neo4j before 5.19, which has no query API", () => {
  const query = gone("POST /db/neo4j/query/v2");

  it("of version 3 is known by its first page, and asked nothing more", async () => {
    const page = {
      data: "http://127.0.0.1/db/data/",
      management: "http://127.0.0.1/db/manage/",
      bolt: "bolt://127.0.0.1:7687",
    };
    const rules = [{ when: "GET / ", reply: JSON.stringify(page) }, query];
    const { words } = await againstTwin(startNeo4jTwin, rules);
    expect(words["it.answers"]).toBe("passed");
    expect(words["it.login"]).toBe("error probe_contract");
    expect(words["it.read_back"]).toBe("not_tested capability_missing");
  });
});

describe("Grafana", () => {
  it("before 7 takes no queries of this form: an error of the check, by its version", async () => {
    const rules = [
      { when: "GET /api/health", reply: '{"database":"ok","version":"6.7.6"}' },
      { when: "POST /api/ds/query", status: 404, reply: '{"message":"Not found"}' },
    ];
    const { words, sentences } = await againstTwin(startGrafanaTwin, rules, { version: "6.7" });
    expect(words["it.panels"]).toBe("error probe_contract");
    expect(sentences["it.panels"]).toContain("Grafana 6.7.6 takes no POST /api/ds/query");
  });

  it("before 8 answers with frames of bytes, which are not taken for none", async () => {
    const reply = '{"results":{"A":{"refId":"A","dataframes":["QVJST1cx"]}}}';
    const rules = [{ when: "POST /api/ds/query", reply }];
    const { words } = await againstTwin(startGrafanaTwin, rules);
    expect(words["it.panels"]).toBe("error probe_contract");
  });

  it("whose dashboard or source is not there fails by name: it has the route", async () => {
    const board = {
      when: "GET /api/dashboards/uid/main",
      status: 404,
      reply: '{"message":"Dashboard not found"}',
    };
    const lost = await againstTwin(startGrafanaTwin, [board]);
    expect(lost.words["it.panels"]).toBe("failed false");
    expect(lost.sentences["it.panels"]).toContain("no such dashboard");
    const reply = '{"message":"Data source not found"}';
    const source = { when: "POST /api/ds/query", status: 404, reply };
    const dead = await againstTwin(startGrafanaTwin, [source]);
    expect(dead.words["it.panels"]).toBe("failed false");
  });

  it("that hides its version answers all the same, and its version is not tested", async () => {
    const rules = [{ when: "GET /api/health", reply: '{"database":"ok"}' }];
    const { words } = await againstTwin(startGrafanaTwin, rules);
    expect(words["it.answers"]).toBe("passed");
    expect(words["it.version"]).toBe("not_tested capability_missing");
    // The health of many an API.
    const other = [{ when: "GET /api/health", reply: '{"status":"up","database":"ok"}' }];
    expect((await againstTwin(startGrafanaTwin, other)).words["it.answers"]).toBe("failed false");
  });
});

describe("stores of traces and of vectors", () => {
  it.each([
    ["no OTLP", { when: "POST /v1/traces", status: 404, reply: "404 page not found" }],
    ["OTLP of protobuf alone", { when: "POST /v1/traces", status: 415, reply: "" }],
    ["no API of traces", gone("GET /api/traces/")],
  ])("Jaeger with %s has lost no trace", async (_, rule) => {
    const { words } = await againstTwin(startJaegerTwin, [rule]);
    expect(words["it.found"]).toBe("error probe_contract");
  });

  it("Qdrant before 0.10 is told by its version that it makes collections in another way", async () => {
    const rules = [{ when: "GET / ", reply: '{"title":"qdrant","version":"0.8.6"}' }];
    const { words, sentences } = await againstTwin(startQdrantTwin, rules, { version: "0.8" });
    expect(words["it.read_back"]).toBe("error probe_contract");
    expect(sentences["it.read_back"]).toContain("Qdrant 0.8.6");
  });
});

describe("Kubernetes", () => {
  it("before 1.25 drops unknown fields in silence: its dry run proves nothing", async () => {
    const rules = [{ when: "GET /version", reply: '{"gitVersion":"v1.24.17"}' }];
    const { words, sentences } = await againstTwin(startKubernetesTwin, rules, { version: "1.24" });
    expect(words["it.dry_run"]).toBe("error probe_contract");
    expect(sentences["it.dry_run"]).toContain("1.24.17 has no strict validation");
  });

  it("before 1.9 has no apps/v1, which is no refused token", async () => {
    const rules = [gone("GET /apis/apps/v1/namespaces/default/deployments?limit=1 ")];
    const { words } = await againstTwin(startKubernetesTwin, rules);
    expect(words["it.login"]).toBe("error probe_contract");
  });
});

describe("an MCP server of an older protocol", () => {
  const answer = jsonReply({ jsonrpc: "2.0", id: 1, result: { protocolVersion: "2025-06-18" } });
  const routes = [{ when: "POST / ", answer }];

  it("nobody declared a version of is not tested in another one, and says which it speaks", async () => {
    const { words, sentences } = await asked({ kind: "mcp" }, routes);
    expect(words["it.opens"]).toBe("error probe_contract");
    expect(sentences["it.opens"]).toContain("It speaks 2025-06-18 and not 2025-11-25");
    expect(words["it.tools"]).toBe("not_tested capability_missing");
  });

  it("fails a version that was declared of it", async () => {
    const { words } = await asked({ kind: "mcp", protocols: ["2025-11-25"] }, routes);
    expect(words["it.opens"]).toBe("failed false");
  });
});
