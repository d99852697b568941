import { dirname } from "node:path";
import { type ReportModel, shellLine, type VerdictDocument } from "@loadline/contract";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { breakages } from "../../examples/quant-stack/breakages.ts";
import { ladder } from "../../examples/quant-stack/plan.ts";
import { type QuantStack, startQuantStack } from "../../examples/quant-stack/stack.ts";
import { quietest } from "./machine.ts";
import { reportOf, validatePlan, wordsOf } from "./stack-claims.ts";
import { partOf, shownAgain } from "./stack-again.ts";

const core = await requireParts(["postgres-15", "redis"], { rows: ["R1-01", "R1-04", "R1-20"] });
const minio = await requireParts(["minio"], { rows: ["R1-03", "R1-16"] });
const mlflow = await requireParts(["mlflow"], { rows: ["R1-02", "R1-15", "R1-19"] });
const timescale = await requireParts(["timescaledb"], { rows: ["R1-01"] });
/** What one server has none of, and Debian's build of TimescaleDB. */
const unasked = [
  ...(minio.missing ? [] : ["artifacts.cluster", "files.cluster"]),
  ...(timescale.missing ? [] : ["ticks.jobs"]),
];
const gone = {
  minio: minio.missing,
  mlflow: minio.missing || mlflow.missing,
  timescaledb: timescale.missing,
};

describe.skipIf(core.missing)("the quant stack for real", () => {
  let stack: QuantStack;
  let whole: VerdictDocument | undefined;

  beforeAll(async () => {
    stack = await startQuantStack();
  }, 300_000);

  afterAll(async () => {
    await stack.stop();
  }, 60_000);

  const having = ({ claims }: VerdictDocument, word: string): string[] =>
    claims
      .filter((claim) => claim.verdict === word)
      .map(({ id }) => id.replace("stack.", ""))
      .sort();

  /** Until nothing but `red` is open: on a busy machine a service may be late once. */
  const validate = (red: readonly string[] = []): Promise<ReportModel> =>
    quietest(
      () => reportOf(stack.plan, stack.secrets),
      ({ verdict }) =>
        having(verdict, "error").length === 0 &&
        having(verdict, "failed").join() === red.join() &&
        (red.length > 0 || having(verdict, "not_tested").join() === unasked.join()),
      3,
    );

  /** What was said of the whole stack, validated once. */
  const green = async (): Promise<Record<string, string>> => {
    whole ??= (await validate()).verdict;
    return wordsOf(whole);
  };

  it("is green: every required check and edge is passed [R1-20]", async () => {
    const said = await green();
    const open = Object.keys(said).filter((id) => said[id]?.startsWith("passed") !== true);
    expect(open.toSorted()).toEqual(unasked);
    expect(whole?.outcome).toBe("READY");
    expect(Object.keys(said).length).toBeGreaterThan(20);
  }, 240_000);

  it("PostgreSQL 15 lets the login in, keeps and gives up a row, and says that it is no TimescaleDB [R1-01]", async () => {
    const said = await green();
    expect(said["db.login"]).toMatch(
      /^passed: PostgreSQL 15\.\S+ .*let app in; timescaledb absent/,
    );
    expect(said["db.version"]).toMatch(/^passed: It says version 15\./);
    expect(said["db.read_back"]).toMatch(
      /^passed: Read back equal in a schema of its own, then gone/,
    );
  }, 240_000);

  it.skipIf(gone.timescaledb)(
    "TimescaleDB says its version, buckets time, and splits the declared table [R1-01]",
    async () => {
      const said = await green();
      expect(said["ticks.extension"]).toMatch(/^passed: TimescaleDB \d+\.\S+; 10:30 fell into/);
      expect(said["ticks.hypertables"]).toBe("passed: ticks has 2 chunks.");
      // Debian's build has jobs of TimescaleDB's own alone, and one of them never succeeds.
      expect(said["ticks.jobs"]).toMatch(/^not_tested capability_missing: .*licence is apache/);
    },
    240_000,
  );

  it("Redis answers PING and INFO, keeps TTL and EXPIRE, and tells persistence and policy [R1-04] [R1-17]", async () => {
    const said = await green();
    expect(said["cache.answers"]).toMatch(/^passed/);
    expect(said["cache.login"]).toMatch(/^passed: Redis \d+\.\S+ let us in/);
    expect(said["cache.read_back"]).toMatch(/^passed: Read back equal, then gone/);
    expect(said["cache.expiry"]).toMatch(/TTL -1 before and 60 after EXPIRE 60; gone 80 ms after/);
    expect(said["cache.persistence"]).toBe("passed: Persistence is aof.");
    expect(said["cache.eviction"]).toMatch(/maxmemory is \d+ bytes, maxmemory-policy allkeys-lru/);
  }, 240_000);

  it("the API is asked as its OpenAPI document says, each operation of it [R1-05]", async () => {
    const said = await green();
    expect(said["api.openapi"]).toMatch(/^passed: [1-9] operations and \d+ wrong values answered/);
    expect(said["api.openapi"]).not.toContain("were not asked");
  }, 240_000);

  it("users held in turn on a route of the API stand in the same run as its checks [R1-23] [R1-24]", async () => {
    const load = { ladder: { ...ladder, users: [5], holdSeconds: 1 }, success: 0.9 };
    const { verdict } = await reportOf({ ...partOf(stack.plan, { api: {} }), load }, stack.secrets);
    const said = wordsOf(verdict);
    expect(said["api.openapi"]).toMatch(/^passed/);
    // On a busy machine a guard may leave them open; what they say is of this route either way.
    expect(said["load.ladder.success"]).toMatch(/^(passed|inconclusive generator)/);
    expect(said["load.ladder.speed_up"]).toMatch(/^(passed|inconclusive)/);
    const [claim] = verdict.claims.filter(({ id }) => id === "load.ladder.success");
    expect(claim?.statement).toMatch(/^GET \/items of api success/);
    expect(claim?.n).toBeGreaterThan(29);
  }, 240_000);

  it.skipIf(gone.mlflow)(
    "MLflow keeps run, metric and artifact and gives them up; its artifact is byte-identical in MinIO [R1-02] [R1-19]",
    async () => {
      const said = await green();
      expect(said["models.run"]).toMatch(
        /Logged (\S+), read back \1; after delete the run is deleted/,
      );
      expect(said["models.artifact"]).toBe("passed: PUT 200, GET equal bytes.");
      expect(said["models.model_version"]).toMatch(/^passed: .*404 after delete/);
      expect(said["edge.models.artifacts"]).toMatch(
        /^passed: Artifact put through MLflow \(200\)\. \S+ is byte-identical in artifacts/,
      );
      const other = { from: "models", to: "files" };
      const elsewhere = await validatePlan(
        partOf(stack.plan, { models: {}, files: {} }, [other]),
        stack.secrets,
      );
      expect(wordsOf(elsewhere)["edge.models.files"]).toMatch(
        /^failed false: .*No object ends with/,
      );
    },
    240_000,
  );

  it("a row that the API was sent is in the database, whose own statistics tell who wrote it [R1-18]", async () => {
    expect((await green())["edge.api.db"]).toMatch(
      /^passed: POST \/items answered 201\. 1 rows in db\. db tells of [1-9] other sessions that ran insert into items/,
    );
    const send = { path: "/items", json: { name: "$MARK" } };
    const sql = "select 1 from items where name = '$MARK'";
    const unlike = { from: "api", to: "db", send, find: { sql, statement: "copy items" } };
    const never = await validatePlan(
      partOf(stack.plan, { api: {}, db: {} }, [unlike]),
      stack.secrets,
    );
    // Of each session only its last statement is told: that it is another says nothing.
    expect(wordsOf(never)["edge.api.db"]).toMatch(
      /^not_tested capability_missing: No other session of db ran copy items last/,
    );
    // Who may not see the statements of others has not seen that there was none.
    stack.postgres.sql("create role reader login password 'of the reader'");
    stack.postgres.sql("grant select on items to reader");
    const reading = { user: "reader", password: "${env:READER}", leastPrivilege: false };
    const find = { sql, statement: "insert into items" };
    const blind = partOf(stack.plan, { api: {}, db: reading }, [{ ...unlike, find }]);
    const secrets = { ...stack.secrets, READER: "of the reader" };
    expect(wordsOf(await validatePlan(blind, secrets))["edge.api.db"]).toMatch(
      /^not_tested capability_missing: reader may not see what \d+ sessions run/,
    );
  }, 240_000);

  it("a login that may connect to another database is told by its name [R1-09]", async () => {
    const said = await green();
    expect(said["db.grants"]).toMatch(/^passed: create a role: CREATE ROLE was refused/);
    stack.postgres.sql("grant connect on database other to app", "postgres");
    try {
      const seen = wordsOf(await validatePlan(partOf(stack.plan, { db: {} }), stack.secrets));
      expect(seen["db.grants"]).toMatch(/^failed false: .*It got into other/);
    } finally {
      stack.postgres.sql("revoke connect on database other from app", "postgres");
    }
  }, 240_000);

  for (const broken of breakages) {
    const isGone = broken.needs !== undefined && gone[broken.needs];
    it.skipIf(isGone)(
      `${broken.title}: exactly ${broken.red.join(" and ")} turn red, each finding with its owner and record, and a command that shows it again [R1-38] [R1-40]`,
      async () => {
        const red = [...broken.red].sort();
        const path = `${dirname(core.found("redis").path)}:${core.found("postgres-15").path}`;
        const env = { ...stack.secrets, PATH: `${process.env["PATH"] ?? ""}:${path}` };
        let lines: readonly string[] = [];
        try {
          await broken.apply(stack);
          const { verdict, findings, records } = await validate(red);
          expect(having(verdict, "failed")).toEqual(red);
          expect(having(verdict, "error")).toEqual([]);
          expect(verdict.outcome).toBe("NOT_READY");
          for (const finding of findings) {
            expect(finding).toMatchObject({
              severity: expect.stringMatching(/^(low|medium|high|critical)$/),
              impact: expect.stringContaining("."),
              status: "open",
              remedy: expect.stringMatching(/Make this true of .*quant-stack/),
              owner: expect.stringMatching(/ team$/),
            });
            const kinds = records.filter(({ seq }) => finding.evidence.includes(seq));
            expect(kinds.map(({ kind }) => kind)).toEqual(finding.evidence.map(() => "finding"));
          }
          lines = findings.map(({ reproduce }) => shellLine(reproduce));
          expect(findings.flatMap(({ claims }) => claims)).toEqual(
            expect.arrayContaining(red.map((id) => `stack.${id}`)),
          );
          for (const [at, text] of (await shownAgain(lines, env)).entries())
            expect(text, lines[at]).toMatch(broken.shown);
        } finally {
          // The next breakage needs a stack that is whole.
          await broken.undo(stack);
        }
        for (const [at, text] of (await shownAgain(lines, env)).entries())
          expect(text, lines[at]).not.toMatch(broken.shown);
      },
      240_000,
    );
  }
});
