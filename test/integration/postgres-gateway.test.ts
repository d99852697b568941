import { copyFileSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawKey, formatKey } from "../../packages/gateway/src/identity/keys/key-format.ts";
import { operator } from "../../packages/gateway/src/identity/acting.ts";
import { openPostgresStore } from "../../packages/gateway/src/state/postgres/open.ts";
import {
  errorCode,
  runGateway,
  type Running,
  temporaryDir,
} from "../../packages/gateway/test/harness.ts";
import { eventually } from "../../packages/testkit/src/eventually.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type RunningPostgres, startPostgres } from "../../packages/testkit/src/postgres/index.ts";

import { startGatewayProcess } from "./gateway-process.ts";
import { quietest } from "./machine.ts";

const clock = systemClock();
const parts = await requireParts(["postgres-15"]);
const everyMs = 20;
const outageMs = 4000;
const chats = 20;
/** Before an outage, and within it. */
const calls = 25;
const soonMs = 30_000;

/** Chats at 50/s until told to stop; every status that was answered. */
function chatting(g: Running): { sent(): number; end(): Promise<readonly number[]> } {
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
    sent: () => calls.length,
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
  readonly code?: string;
}

/** A sample of the gateway's page, by its name without `loadline_`. */
const counted = (page: string, name: string): number =>
  Number(page.split(`\nloadline_${name} `)[1]?.split("\n")[0]);

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
    await using store = await openPostgresStore(server.url, clock, { callMs: 30_000 });
    return (await store.repositories.usage.sums([]))[0]?.requests ?? 0;
  }

  it("60 callers at once of its admin plane are all answered, and its page tells pool, waits and calls [R1-10]", async () => {
    const { secret } = await g.gateway.identity.keys.create(operator(), {
      name: "admin",
      roles: ["admin"],
    });
    const headers = { authorization: `Bearer ${secret}` };
    const page = async (): Promise<string> => (await g.get("/metrics")).text();
    const list = async (): Promise<number> => {
      const answer = await fetch(`${g.url}/admin/v1/keys`, { headers });
      return (await answer.text(), answer.status);
    };
    const before = counted(await page(), "store_wait_seconds_count");
    // Of a busy machine a call may wait for longer than its second.
    const round = (): Promise<number[]> => Promise.all(Array.from({ length: 60 }, list));
    const all = await quietest(round, (statuses) => statuses.every((status) => status === 200));
    expect([...new Set(all)]).toEqual([200]);
    const text = await page();
    expect(counted(text, "store_wait_seconds_count")).toBeGreaterThanOrEqual(before + 60);
    expect(counted(text, "store_call_seconds_count")).toBeGreaterThanOrEqual(before + 60);
    expect(text).toContain('loadline_store_connections{use="min"} 1\n');
    expect(text).toContain('loadline_store_connections{use="max"} 10\n');
    expect(counted(text, 'store_connections{use="size"}')).toBeLessThanOrEqual(10);
  }, 60_000);

  it("no text that a caller sends stops its audit log or makes it look away: a NUL in an admin path or question", async () => {
    const keys = g.gateway.identity.keys;
    const { secret } = await keys.create(operator(), { name: "plain", roles: ["caller"] });
    const admin = await keys.create(operator(), { name: "root", roles: ["admin"] });
    const asked = async (path: string, key: string): Promise<string> => {
      const headers = { authorization: `Bearer ${key}` };
      const answer = await fetch(`${g.url}/admin/v1${path}`, { headers });
      const body: unknown = await answer.json();
      return `${answer.status} ${String((body as { code?: string }).code)}`;
    };
    expect(await asked("/audit?action=%00", admin.secret)).toBe("400 LL_QUERY_FIELD");
    expect(await asked("/keys/a%00b", admin.secret)).toBe("404 LL_OBJECT_UNKNOWN");
    expect(await asked("/keys?after=a%00b", admin.secret)).toBe("400 LL_QUERY_FIELD");
    expect(await asked("/users/a%00b", secret)).toBe("403 LL_AUTHZ_DENIED");
    const depth = async (): Promise<number> =>
      counted(await (await g.get("/metrics")).text(), 'spool_bytes{spool="audit"}');
    await using store = await openPostgresStore(server.url, clock, { callMs: 30_000 });
    const kept = async (): Promise<boolean> => {
      const rows = await store.repositories.audit.query({ tenantId: "default", limit: 50 });
      return rows.some(
        ({ action, objectId }) => action === "admin.denied" && objectId === "a\uFFFDb",
      );
    };
    await eventually(clock, kept, soonMs);
    expect(await depth()).toBe(0);
    // Another call may have failed for other reasons; one that fails again and again keeps it so.
    await eventually(clock, async () => (await sqlOf(g)).sql.state === "ok", soonMs);
  }, 60_000);

  it("a PostgreSQL that answers and takes no writes is degraded and stays so: chats and reads go on, usage is spooled and counted once", async () => {
    const before = await recorded();
    const settings = new Client({ connectionString: server.url });
    await settings.connect();
    const readOnly = async (value: "on" | "off"): Promise<void> => {
      await settings.query("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE");
      await settings.query(`ALTER SYSTEM SET default_transaction_read_only = ${value}`);
      await settings.query("SELECT pg_reload_conf()");
    };
    const load = chatting(g);
    await readOnly("on");
    const isTold = async (): Promise<boolean> => {
      const { status, sql } = await sqlOf(g);
      return status === 200 && sql.state === "degraded" && sql.code === "LL_STATE_READ_ONLY";
    };
    await eventually(clock, isTold, soonMs);
    const from = g.logged().length;
    const startMs = clock.monotonicMs();
    const states = new Set<string>();
    const sent = load.sent();
    while (load.sent() < sent + 4 * calls) {
      states.add((await sqlOf(g)).sql.state);
      await clock.sleep(everyMs);
    }
    const headers = { authorization: `Bearer ${formatKey(drawKey("local", seededRandom(10)))}` };
    const unknown = await fetch(`${g.url}/v1/models`, { headers });
    const refusal = [unknown.status, await errorCode(unknown)];
    const lines = g.logged().slice(from).split('"event":"sql store"').length - 1;
    const seconds = (clock.monotonicMs() - startMs) / 1000;
    await readOnly("off");
    await settings.end();
    await eventually(clock, async () => (await sqlOf(g)).sql.state === "ok", soonMs);
    const statuses = await load.end();
    expect([...new Set(statuses)]).toEqual([200]);
    expect([...states]).toEqual(["degraded"]);
    expect(refusal).toEqual([401, "LL_AUTH_INVALID"]);
    expect(lines).toBeLessThanOrEqual(1 + seconds);
    await eventually(clock, async () => (await recorded()) >= before + statuses.length, soonMs);
    expect(await recorded()).toBe(before + statuses.length);
  }, 120_000);

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
      await eventually(clock, () => load.sent() >= calls, soonMs);
      await modes[mode].leave();
      const leftMs = clock.monotonicMs();
      await eventually(clock, async () => (await sqlOf(g)).sql.state === "down", soonMs);
      const unknown = await fetch(`${g.url}/v1/models`, {
        headers: { authorization: `Bearer ${formatKey(drawKey("local", seededRandom(9)))}` },
      });
      const refusal = [unknown.status, await errorCode(unknown)];
      const during = await sqlOf(g);
      const sent = load.sent();
      await eventually(clock, () => load.sent() >= sent + calls, soonMs);
      await clock.sleep(Math.max(0, outageMs - (clock.monotonicMs() - leftMs)));
      await modes[mode].back();
      await eventually(clock, async () => (await sqlOf(g)).sql.state === "ok", soonMs);
      const statuses = await load.end();
      expect([...new Set(statuses)]).toEqual([200]);
      expect(during).toMatchObject({ status: 200, sql: { state: "down", required: false } });
      expect(refusal).toEqual([503, "LL_AUTH_UNAVAILABLE"]);
      await eventually(clock, async () => (await recorded()) >= before + statuses.length, soonMs);
      expect(await recorded()).toBe(before + statuses.length);
    },
    120_000,
  );

  it("killed by SIGKILL while PostgreSQL is away, its next start brings the usage that was spooled; no power is cut", async () => {
    const stateDir = temporaryDir();
    const config = {
      stateDir,
      listen: { port: 0 },
      stores: { sql: server.url },
      auth: { required: false },
      log: { level: "silent" },
      targets: { s: { provider: "simulator", tokens: 3, latency: 0, tokensPerSecond: 1e6 } },
      routes: { sim: { models: ["sim"], groups: [{ targets: ["s"] }] } },
    };
    copyFileSync(join(g.stateDir, "pepper"), join(stateDir, "pepper"));
    const before = await recorded();
    const first = await startGatewayProcess(config);
    await server.kill();
    for (let i = 0; i < chats; i++) expect(await chatStatus(first.url)).toBe(200);
    await eventually(clock, () => spooledRecords(stateDir) === chats, soonMs);
    await first.kill();
    await server.restart();
    await using second = await startGatewayProcess(config);
    await eventually(clock, async () => (await recorded()) === before + chats, soonMs);
    expect(await chatStatus(second.url)).toBe(200);
    rmSync(stateDir, { recursive: true, force: true });
  }, 120_000);
});

async function chatStatus(url: string): Promise<number> {
  const body = JSON.stringify({ model: "sim", messages: [{ role: "user", content: "hi" }] });
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body });
  await response.text();
  return response.status;
}

/** Usage records in the whole lines of a state directory's spool. */
function spooledRecords(stateDir: string): number {
  const dir = join(stateDir, "spool");
  const files = readdirSync(dir).filter((name) => name.startsWith("usage-"));
  const lines = files.flatMap((name) => readFileSync(join(dir, name), "utf8").split("\n"));
  const counts = lines.filter(Boolean).map((line) => {
    const batch: unknown = JSON.parse(line.slice(line.indexOf(" ")));
    return (batch as { records: number }).records;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}
