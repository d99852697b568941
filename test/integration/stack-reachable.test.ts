import { createServer } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { listenOnLoopback } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { startPostgres } from "../../packages/testkit/src/postgres/index.ts";
import { startRedis } from "../../packages/testkit/src/redis/index.ts";
import { validatePlan, wordsOf } from "./stack-claims.ts";

const clock = systemClock();
const parts = await requireParts(["redis", "postgres-15"], { rows: ["R4-05"] });

describe.skipIf(parts.missing)("PostgreSQL and Redis as a stack", () => {
  it("are reachable to who may log in; a wrong login and a port that is merely open are no pass [R4-05]", async () => {
    await using redis = await startRedis(parts.found("redis").path, { clock });
    await using postgres = await startPostgres(parts.found("postgres-15").path, { clock });
    await redis.command("CONFIG SET requirepass right-word");
    // Takes connections and says nothing, as what hangs behind its port does.
    const open = createServer((socket) => socket.on("error", () => socket.destroy()));
    const port = await listenOnLoopback(open);
    const cache = (at: string, password: string) => ({ kind: "redis", url: at, password });
    const db = (at: string, user: string) => ({
      kind: "postgres",
      url: at,
      user,
      leastPrivilege: false,
    });
    const services = {
      cache: cache(redis.url, "${env:RIGHT}"),
      cache_wrong: cache(redis.url, "${env:WRONG}"),
      db: db(`postgres://127.0.0.1:${postgres.port}/postgres`, "postgres"),
      db_wrong: db(`postgres://127.0.0.1:${postgres.port}/postgres`, "nobody_of_this_name"),
    };
    const mute = {
      cache_open: cache(`redis://127.0.0.1:${port}`, "${env:RIGHT}"),
      db_open: db(`postgres://127.0.0.1:${port}/postgres`, "postgres"),
    };
    const secrets = { RIGHT: "right-word", WRONG: "wrong-word" };
    const run = async (timeoutMs: number, plan: object): Promise<Record<string, string>> =>
      wordsOf(await validatePlan({ stack: { timeoutMs, services: plan } }, secrets));
    // Who says nothing takes its whole time; who answers has time enough on a busy machine.
    const said = { ...(await run(20_000, services)), ...(await run(2_000, mute)) };
    open.close();
    const passed = (service: string): string[] =>
      Object.keys(said).filter(
        (id) => id.startsWith(`${service}.`) && said[id]?.startsWith("passed"),
      );
    expect(said["cache.login"], JSON.stringify(said)).toMatch(/^passed/);
    expect(said["db.login"], JSON.stringify(said)).toMatch(/^passed/);
    expect(said["cache_wrong.login"]).toMatch(/^failed false/);
    expect(said["db_wrong.login"]).toMatch(/^failed false/);
    for (const service of Object.keys(mute)) {
      expect(said[`${service}.login`]).toBeDefined();
      expect(passed(service)).toEqual([]);
    }
    // That a Redis or PostgreSQL answers at all is all that a wrong login shows.
    for (const service of ["cache_wrong", "db_wrong"])
      expect(passed(service).filter((id) => !id.endsWith(".answers"))).toEqual([]);
  }, 120_000);
});
