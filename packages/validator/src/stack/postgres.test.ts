import { describe, expect, it } from "vitest";
import type { StackRule } from "./probe.ts";
import { having, runStackPlan, type StackResult } from "./stack.fixture.ts";
import { startPostgresStub } from "./stubs/postgres.ts";
import { startRedisStub } from "./stubs/redis.ts";
import { stackProbes } from "./table.ts";

const password = "a-right-password-of-the-stub";
const ofKind = (kind: string) => stackProbes.filter((probe) => probe.kind === kind);

async function against(kind: string, rules: readonly StackRule[]): Promise<StackResult> {
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
    ...(kind === "timescaledb" ? { hypertables: ["ticks"] } : {}),
    limits: { connections: 50 },
  };
  return await runStackPlan({ timeoutMs: 2_000, services: { db } }, { DB_PASSWORD: password });
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
