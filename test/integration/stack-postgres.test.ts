import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type RunningPostgres, startPostgres } from "../../packages/testkit/src/postgres/index.ts";
import { claimsOf } from "./stack-claims.ts";

const parts = await requireParts(["postgres-15"], { rows: ["R1-10", "R1-36"] });
const clock = systemClock();

describe.skipIf(parts.missing)("PostgreSQL under use", () => {
  let server: RunningPostgres;

  beforeAll(async () => {
    server = await startPostgres(parts.found("postgres-15").path, { clock });
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());

  /** Verdict and sentence of every claim of a stack of this one database. */
  function validate(more: object): Promise<Record<string, string>> {
    const url = `postgres://127.0.0.1:${server.port}/postgres`;
    const db = { kind: "postgres", url, user: "postgres", leastPrivilege: false, ...more };
    return claimsOf(db);
  }

  it("answers the declared sessions at once, and more than it has are told as refused [R1-10]", async () => {
    const few = await validate({ pool: { sessions: 20 } });
    expect(few["pool"]).toMatch(/^passed: 20 of 20 sessions were answered/);
    const many = await validate({ pool: { sessions: 150 } });
    expect(many["pool"]).toMatch(/^failed false: .*refused: 53300/);
  }, 60_000);

  it("without pg_stat_statements slow statements are not tested by name", async () => {
    const said = await validate({ slowStatementMs: 100 });
    expect(said["slow_statements"]).toMatch(/^not_tested capability_missing: .*pg_stat_statements/);
  });

  it("a primary nobody follows has no lag that could be passed [R1-36]", async () => {
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
