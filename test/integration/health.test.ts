import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "@loadline/kit/clock";
import { isRecord } from "@loadline/kit/json";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Running, runGateway } from "../../packages/gateway/test/harness.ts";
import { eventually } from "../../packages/testkit/src/index.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type RunningRedis, startRedis } from "../../packages/testkit/src/redis/index.ts";
import { lookBySecond } from "./busy-rounds.ts";
import { emptyDir, runCli, verdictOf } from "./cli-process.ts";
import { judgeRounds, unless } from "./load/rounds.ts";

const parts = await requireParts(["redis"], { rows: ["R1-06", "R4-01"] });
const clock = systemClock();
/** Far more than the second or two between two looks at a dependency. */
const soonMs = 30_000;

interface Said {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** State of each component. */
  readonly states: Readonly<Record<string, unknown>>;
}

async function healthOf(g: Running): Promise<Said> {
  const answer = await g.get("/health");
  const body: unknown = await answer.json();
  if (!isRecord(body) || !isRecord(body["components"])) throw new Error("no health");
  const states = Object.entries(body["components"]).map(([name, one]) => [
    name,
    isRecord(one) ? one["state"] : undefined,
  ]);
  return { status: answer.status, body, states: Object.fromEntries(states) };
}

describe.skipIf(parts.missing)(
  "/health of a gateway whose dependencies go, one after another",
  () => {
    let redis: RunningRedis;
    let g: Running;
    let whole: Said;

    /** Waits until the states are exactly these, and gives the answer that said so. */
    async function until(states: Said["states"]): Promise<Said> {
      let said = whole;
      await eventually(
        clock,
        async () => {
          said = await healthOf(g);
          return JSON.stringify(said.states) === JSON.stringify(states);
        },
        soonMs,
      ).catch(() => expect(said.states).toEqual(states));
      return said;
    }

    beforeAll(async () => {
      redis = await startRedis(parts.found("redis").path, { clock });
      g = await runGateway({ stores: { redis: redis.url, objects: "file:" } });
      whole = await healthOf(g);
      const ok = { ...whole.states, redis: "ok", objects: "ok", sql: "ok" };
      whole = await until(ok);
    }, 120_000);
    afterAll(async () => {
      await g[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    });

    it("tells status, version, environment and each dependency; one that goes flips alone within 30 s, its interval not being measured, and a required one is 503 [R1-06] [R4-01]", async () => {
      expect(whole.status).toBe(200);
      expect(whole.body).toMatchObject({
        status: "ok",
        version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
        environment: "local",
        config: "current",
        components: {
          sql: { required: true },
          redis: { required: false },
          objects: { required: false },
        },
      });

      await redis.kill();
      const unshared = await until({ ...whole.states, redis: "down" });
      expect([unshared.status, unshared.body["status"]]).toEqual([200, "ok"]);
      await redis.restart();
      await until(whole.states);

      const folder = join(g.stateDir, "objects");
      renameSync(folder, `${folder}-moved`);
      writeFileSync(folder, "");
      expect((await until({ ...whole.states, objects: "down" })).status).toBe(200);
      renameSync(folder, `${folder}-file`);
      renameSync(`${folder}-moved`, folder);
      await until(whole.states);

      // Another process holds the database: what is to be written waits in vain.
      const other = new DatabaseSync(join(g.stateDir, "loadline.db"));
      other.exec("BEGIN IMMEDIATE");
      const chat = { model: "sim", messages: [{ role: "user", content: "x" }] };
      expect((await g.post("/v1/chat/completions", chat)).status).toBe(200);
      const closed = await until({ ...whole.states, sql: "down" });
      expect([closed.status, closed.body["status"]]).toEqual([503, "unavailable"]);
      other.exec("ROLLBACK");
      other.close();
      expect((await until(whole.states)).status).toBe(200);
    }, 200_000);

    it("its p99 is measured by a load of more than 299 samples and is below 100 ms [R4-01]", async (context) => {
      const flags = ["--get", "/health", "--rate", "400", "--duration", "1s", "--json"];
      const limit = ["--threshold", "response_time: p(99)<100ms"];
      const argv = ["load", "--target", g.url, ...flags, ...limit];
      const measure = async (): Promise<readonly string[]> => {
        const verdict = verdictOf(await runCli(emptyDir(), argv));
        const p99 = verdict.claims.find(({ statement }) => statement.includes("p99 < 100 ms"));
        expect(p99?.n).toBeGreaterThanOrEqual(299);
        return unless(p99?.verdict === "passed", `${p99?.verdict ?? ""}: ${p99?.sentence ?? ""}`);
      };
      await judgeRounds(context, measure, 3, lookBySecond);
    }, 240_000);
  },
);
