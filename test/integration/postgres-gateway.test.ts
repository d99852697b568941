import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawKey, formatKey } from "../../packages/gateway/src/identity/keys/key-format.ts";
import { openPostgresStore } from "../../packages/gateway/src/state/postgres/open.ts";
import { errorCode, runGateway, type Running } from "../../packages/gateway/test/harness.ts";
import { eventually } from "../../packages/testkit/src/eventually.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type RunningPostgres, startPostgres } from "../../packages/testkit/src/postgres/index.ts";

const clock = systemClock();
const parts = await requireParts(["postgres-15"]);
const everyMs = 20;
const outageMs = 4000;

/** Chats at 50/s until told to stop; every status that was answered. */
function chatting(g: Running): { end(): Promise<readonly number[]> } {
  const calls: Promise<number>[] = [];
  let isOver = false;
  const chat = { model: "sim", messages: [{ role: "user", content: "hi" }] };
  const loop = async (): Promise<void> => {
    while (!isOver) {
      calls.push(
        g.post("/v1/chat/completions", chat).then(async (r) => (await r.text(), r.status)),
      );
      await clock.sleep(everyMs);
    }
  };
  const running = loop();
  return {
    async end() {
      isOver = true;
      await running;
      return Promise.all(calls);
    },
  };
}

interface Sql {
  readonly state: string;
  readonly required: boolean;
}

async function sqlOf(g: Running): Promise<{ status: number; sql: Sql }> {
  const response = await g.get("/health");
  const body: unknown = await response.json();
  const { components } = body as { components: { sql: Sql } };
  return { status: response.status, sql: components.sql };
}

describe.skipIf(parts.missing)("a gateway whose PostgreSQL goes away", () => {
  let server: RunningPostgres;
  let g: Running;
  beforeAll(async () => {
    server = await startPostgres(parts.found("postgres-15").path, { clock });
    g = await runGateway({ stores: { sql: server.url } });
  });
  afterAll(async () => {
    server.thaw();
    await g[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  /** Records of usage in the database, by a connection of the case's own. */
  async function recorded(): Promise<number> {
    await using store = await openPostgresStore(server.url, clock);
    return (await store.repositories.usage.sums([]))[0]?.requests ?? 0;
  }

  const modes = {
    frozen: {
      leave: () => Promise.resolve(server.freeze()),
      back: () => Promise.resolve(server.thaw()),
    },
    killed: { leave: () => server.kill(), back: () => server.restart() },
  };

  it.each(["frozen", "killed"] as const)(
    "%s for 4 s at 50 requests/s: no 5xx, health says so, nothing is lost or counted twice",
    async (mode) => {
      const before = await recorded();
      const load = chatting(g);
      await clock.sleep(500);
      await modes[mode].leave();
      const leftMs = clock.monotonicMs();
      await eventually(clock, async () => (await sqlOf(g)).sql.state === "down", 3000);
      const unknown = await fetch(`${g.url}/v1/models`, {
        headers: { authorization: `Bearer ${formatKey(drawKey("local", seededRandom(9)))}` },
      });
      const refusal = [unknown.status, await errorCode(unknown)];
      const during = await sqlOf(g);
      await clock.sleep(outageMs - (clock.monotonicMs() - leftMs));
      await modes[mode].back();
      await eventually(clock, async () => (await sqlOf(g)).sql.state === "ok", 5000);
      const statuses = await load.end();
      expect(statuses.length).toBeGreaterThan(100);
      expect([...new Set(statuses)]).toEqual([200]);
      expect(during).toMatchObject({ status: 200, sql: { state: "down", required: false } });
      expect(refusal).toEqual([503, "LL_AUTH_UNAVAILABLE"]);
      await eventually(clock, async () => (await recorded()) >= before + statuses.length, 15_000);
      expect(await recorded()).toBe(before + statuses.length);
    },
    60_000,
  );
});
