import { execFile } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Running, runGateway } from "../../packages/gateway/test/harness.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type RunningPostgres, startPostgres } from "../../packages/testkit/src/postgres/index.ts";
import { type RunningRedis, startRedis } from "../../packages/testkit/src/redis/index.ts";
import { emptyDir, runCli, verdictOf } from "./cli-process.ts";
import { validatePlan, wordsOf } from "./stack-claims.ts";

const parts = await requireParts(["postgres-15", "redis"], { rows: ["R1-37"] });
const clock = systemClock();

/** Each check of the old script as bash makes it, beside the claim of the YAML that makes it. */
const checks = ["db", "orders", "cache", "api", "login", "disk"] as const;
type Check = (typeof checks)[number];

const claims: Readonly<Record<Check, string>> = {
  db: "stack.db_port.connects",
  orders: "stack.db.queries",
  cache: "stack.cache_port.exchanges",
  api: "stack.api.answers",
  login: "stack.api.steps",
  disk: "stack.machine.ends",
};

describe.skipIf(parts.missing)("an old script of shell checks, written as YAML", () => {
  let server: RunningPostgres;
  let redis: RunningRedis;
  let gateway: Running;
  const cwd = emptyDir();
  const disk = join(cwd, "disk.sh");
  beforeAll(async () => {
    server = await startPostgres(parts.found("postgres-15").path, { clock });
    redis = await startRedis(parts.found("redis").path, { clock });
    gateway = await runGateway();
    await psql("CREATE TABLE orders (id INT); INSERT INTO orders VALUES (1), (2)");
    writeDisk(40);
    writeFileSync(join(cwd, "checks.sh"), script());
  }, 60_000);
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const path = (): string => join(parts.found("postgres-15").path, "psql");
  const psql = async (sql: string): Promise<void> =>
    void (await promisify(execFile)(path(), [server.url, "-Atqc", sql]));
  const writeDisk = (percent: number): void => {
    writeFileSync(disk, `#!/bin/sh\necho ${percent}\n`);
    chmodSync(disk, 0o755);
  };
  const redisPort = (): string => new URL(redis.url).port;

  /** `checks.sh NAME`: the one check, its exit code the answer. */
  function script(): string {
    const to = (port: number | string): string => `/dev/tcp/127.0.0.1/${port}`;
    return [
      "set -euo pipefail",
      'case "$1" in',
      `  db) : 3<>${to(server.port)} ;;`,
      `  orders) [ "$(${path()} "${server.url}" -Atc 'SELECT count(*) FROM orders')" -ge 1 ] ;;`,
      `  cache) exec 3<>${to(redisPort())}; printf 'PING\\r\\n' >&3; read -r -t 5 said <&3`,
      '    [[ "$said" == *PONG* ]] ;;',
      `  api) exec 3<>${to(new URL(gateway.url).port)}; printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3`,
      '    read -r -t 5 said <&3; [[ "$said" == *" 200 "* ]] ;;',
      `  login) exec 3<>${to(new URL(gateway.url).port)}`,
      `    printf 'GET /v1/models HTTP/1.1\\r\\nhost: a\\r\\nauthorization: Bearer %s\\r\\n\\r\\n' "$API_KEY" >&3`,
      '    read -r -t 5 said <&3; [[ "$said" == *" 200 "* ]] ;;',
      `  disk) [ "$(${disk})" -le 90 ] ;;`,
      "esac",
      "",
    ].join("\n");
  }

  const plan = () => ({
    stack: {
      timeoutMs: 10_000,
      services: {
        db_port: { kind: "tcp", url: `tcp://127.0.0.1:${server.port}` },
        db: {
          kind: "postgres",
          url: `postgres://127.0.0.1:${server.port}/postgres`,
          user: "postgres",
          queries: { orders: { sql: "SELECT count(*) FROM orders", min: 1 } },
        },
        cache_port: {
          kind: "tcp",
          url: `tcp://127.0.0.1:${redisPort()}`,
          exchanges: { ping: { send: "PING\r\n", contains: "PONG" } },
        },
        api: {
          kind: "http",
          url: gateway.url,
          token: "${env:API_KEY}",
          steps: { login: [{ path: "/v1/models" }] },
        },
        machine: { kind: "command", commands: { disk: { run: [disk], max: 90 } } },
      },
    },
  });

  /** What bash says of each check, and what `validate` says of its claim. */
  async function both(key = gateway.key): Promise<{ shell: string[]; yaml: string[] }> {
    const env = { ...process.env, API_KEY: key };
    const shell: string[] = [];
    for (const name of checks) {
      const bash = promisify(execFile)("bash", ["checks.sh", name], { cwd, env });
      await bash.catch(() => shell.push(name));
    }
    const { claims: said } = await validatePlan(plan(), { API_KEY: key });
    const yaml = checks.filter((name) => {
      const claim = said.find(({ id }) => id === claims[name]);
      expect(claim, name).toBeDefined();
      return claim?.verdict !== "passed";
    });
    return { shell, yaml };
  }

  it("says what bash says of the same stack: whole, and with each thing broken in turn; no query changes anything [R1-37]", async () => {
    expect(await both()).toEqual({ shell: [], yaml: [] });
    await psql("TRUNCATE orders");
    expect(await both()).toEqual({ shell: ["orders"], yaml: ["orders"] });
    await psql("INSERT INTO orders VALUES (1)");
    writeDisk(97);
    expect(await both()).toEqual({ shell: ["disk"], yaml: ["disk"] });
    writeDisk(40);
    expect(await both(`${gateway.key}x`)).toEqual({ shell: ["login"], yaml: ["login"] });
    await redis.kill();
    expect(await both()).toEqual({ shell: ["cache"], yaml: ["cache"] });
    await redis.restart();
    await server.kill();
    const dead = ["db", "orders"];
    expect(await both()).toEqual({ shell: dead, yaml: dead });
    await server.restart();
    const writing = { sql: "INSERT INTO orders VALUES (3) RETURNING id", equals: "3" };
    const changed = plan();
    const db = { ...changed.stack.services.db, queries: { writing } };
    const wrote = wordsOf(await validatePlan({ stack: { services: { db } } }));
    expect(wrote["db.queries"]).toMatch(/^failed false: writing: it was refused: 25006/);
    // Once more as a user runs it, with the plan in a file.
    writeFileSync(join(cwd, "checks.yaml"), JSON.stringify(plan()));
    const argv = ["validate", "--plan", "checks.yaml", "--json"];
    const told = verdictOf(await runCli(cwd, argv, { env: { API_KEY: gateway.key } }));
    const passed = told.claims.filter(({ verdict }) => verdict === "passed").map(({ id }) => id);
    expect(passed).toEqual(expect.arrayContaining(Object.values(claims)));
  }, 240_000);
});
