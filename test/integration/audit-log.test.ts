import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";

import { seededRandom, systemRandom } from "@loadline/kit/random";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openWorld, type World } from "../../packages/gateway/src/admin/world.fixture.ts";
import { loadlineCode } from "../../packages/gateway/src/identity/codes.ts";
import {
  loadConfig,
  openIdentityServices,
  openOfflineAudit,
  operator,
} from "../../packages/gateway/src/index.ts";
import { eventually } from "../../packages/testkit/src/eventually.ts";
import { requireParts } from "../../packages/testkit/src/parts/index.ts";
import { type RunningPostgres, startPostgres } from "../../packages/testkit/src/postgres/index.ts";
import { startGatewayProcess } from "./gateway-process.ts";

const clock = systemClock();
const triesMax = 30;
const waitMs = 60_000;
const parts = await requireParts(["postgres-15"]);
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "ll-audit-int-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** What only prepares or reads is asked again while a busy machine is over the store's 1 s a call. */
async function patiently<T>(run: () => Promise<T>): Promise<T> {
  for (let left = triesMax; ; left--) {
    try {
      return await run();
    } catch (cause) {
      if (left === 0 || loadlineCode(cause) !== "LL_STATE_UNAVAILABLE") throw cause;
    }
  }
}

/** Every entry of a store, parsed. */
const exported = (
  stateDir: string,
  sql: string,
): Promise<
  { tenant: string; seq: number; action: string; requestId: string; object: { id: string } }[]
> =>
  patiently(async () => {
    await using log = await openOfflineAudit({ clock, stateDir, sql });
    const texts: string[] = [];
    await log.export((text) => texts.push(text));
    return texts.map((text) => JSON.parse(text));
  });

describe.skipIf(parts.missing)("the audit log on PostgreSQL 15", () => {
  let server: RunningPostgres;
  beforeEach(async () => {
    server = await startPostgres(parts.found("postgres-15").path, { clock });
  });
  afterEach(() => server[Symbol.asyncDispose]());

  const open = (name: string): Promise<World> =>
    openWorld({
      stateDir: join(root, name),
      stores: { sql: server.url },
      auditLog: { heads: join(root, `${name}.heads`) },
    });

  it("two gateways write one chain without a gap, and either one's heads prove it", async () => {
    const a = await open("a");
    mkdirSync(join(root, "b"), { mode: 0o700 });
    copyFileSync(join(root, "a", "pepper"), join(root, "b", "pepper"));
    const b = await open("b");
    let made = 0;
    const workers = [a, a, b, b].map(async (world) => {
      for (let i = 0, own = 0; own < 10 && i < triesMax; i++) {
        // On a busy machine a call may be over its bound of 1 s; the chain must not mind.
        const key = world.makeKey({ name: `n${i}`, permissions: ["models:read"] });
        const count = await key.then(
          () => 1,
          () => 0,
        );
        own += count;
        made += count;
      }
    });
    await Promise.all(workers);
    for (const name of ["a", "b"]) {
      mkdirSync(join(root, `${name}-kept`));
      const file = "audit-key.pub.pem";
      copyFileSync(join(root, name, file), join(root, `${name}-kept`, file));
    }
    await a[Symbol.asyncDispose]();
    await b[Symbol.asyncDispose]();
    const entries = await exported(join(root, "a"), server.url);
    const seqs = entries.filter((entry) => entry.tenant === "default").map((entry) => entry.seq);
    expect(seqs).toEqual(seqs.map((_, i) => i + 1));
    expect(made).toBeGreaterThan(20);
    expect(seqs.length).toBeGreaterThanOrEqual(made);
    for (const name of ["a", "b"]) {
      const stateDir = join(root, `${name}-kept`);
      const verdict = await patiently(async () => {
        await using log = await openOfflineAudit({ clock, stateDir, sql: server.url });
        return await log.verify({ heads: join(root, `${name}.heads`) });
      });
      expect(verdict).toMatchObject({ status: "intact", problems: [] });
    }
  });

  it("while the server is dead refusals are kept on the disk and admin calls answer 503", async () => {
    await using world = await open("a");
    const keys: { id: string; secret: string }[] = [];
    // One after another: each has 1 s, however many a busy machine has to write.
    while (keys.length < 20)
      keys.push(
        await patiently(() =>
          world.makeKey({ name: `n${keys.length}`, permissions: ["models:read"] }),
        ),
      );
    // Keys seen before are served while the store is away, once the news that they were made, which
    // has them looked up again, is behind them; a look for news may have begun before they were.
    for (let look = 0; look < 2; look++) await world.running.gateway.identity.refresh();
    for (const { secret } of keys)
      expect((await world.ask("GET /v1/models", { key: secret })).status).toBe(200);
    await server.kill();
    const body = { model: "sim", messages: [{ role: "user", content: "hi" }] };
    for (const { secret } of keys) {
      const answer = await world.ask("POST /v1/chat/completions", { key: secret, body });
      expect(answer.text).toContain('"LL_AUTHZ_DENIED"');
    }
    const admin = await world.ask("GET /admin/v1/keys");
    expect([admin.status, admin.type]).toEqual([503, "application/problem+json"]);
    expect(admin.headers.get("retry-after")).toBe("1");
    const write = await world.ask("POST /admin/v1/keys", { body: { name: "no" } });
    expect(write.status).toBe(503);
    await server.restart();
    const ids = new Set(keys.map((key) => key.id));
    const denied = async (): Promise<string[]> =>
      (await exported(join(root, "a"), server.url))
        .filter((entry) => entry.action === "authz.denied")
        .map((entry) => Object.values(entry).map(String).join(" "));
    await eventually(clock, async () => (await denied()).length === ids.size, waitMs);
    await using log = await openOfflineAudit({
      clock,
      stateDir: join(root, "a"),
      sql: server.url,
    });
    const heads = join(root, "a.heads");
    await eventually(
      clock,
      async () => (await log.verify({ heads }).catch(() => undefined))?.status === "intact",
      waitMs,
    );
  });
});

describe("a denial in sync mode", () => {
  it("is on record when its answer is out, also if SIGKILL follows at once [R3-12]", async () => {
    const stateDir = join(root, "state");
    const config = {
      stateDir,
      listen: { port: 0 },
      log: { level: "silent" },
      auditLog: { sync: true },
    };
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) {
      await using gateway = await startGatewayProcess(config);
      const answer = await fetch(`${gateway.url}/admin/v1/keys`);
      await gateway.kill();
      expect(answer.status).toBe(401);
      ids.push(answer.headers.get("x-request-id") ?? "");
    }
    const denied = (await exported(stateDir, "sqlite:")).filter(
      (entry) => entry.action === "auth.denied",
    );
    expect(denied.map((entry) => entry.requestId)).toEqual(ids);
  });
});

describe("an admin change and its entry", () => {
  it("are both there or both absent after each of 10 SIGKILLs at random moments", async () => {
    const stateDir = join(root, "state");
    const config = {
      stateDir,
      listen: { port: 0 },
      log: { level: "silent" },
      // A busy machine is not this test's matter.
      telemetry: { overloadAfter: 0 },
    };
    const random = seededRandom(20);
    const admin = await (async () => {
      const loaded = loadConfig(undefined, {}, config);
      await using services = await openIdentityServices(loaded, { clock, random: systemRandom() });
      return (await services.keys.create(operator(), { name: "admin", roles: ["admin"] })).secret;
    })();
    let answered = 0;
    for (let kill = 0; kill < 10; kill++) {
      await using gateway = await startGatewayProcess(config);
      let isKilled = false;
      const headers = { authorization: `Bearer ${admin}`, "content-type": "application/json" };
      const worker = async (): Promise<void> => {
        while (!isKilled) {
          const body = JSON.stringify({ name: `k${kill}` });
          const request = { method: "POST", headers, body };
          const made = await fetch(`${gateway.url}/admin/v1/keys`, request).catch(() => undefined);
          if (made === undefined) return;
          if (made.status === 201) answered++;
        }
      };
      // The admin plane is loaded by its first request.
      expect((await fetch(`${gateway.url}/admin/v1/keys`, { headers })).status).toBe(200);
      const before = answered;
      const workers = [worker(), worker(), worker()];
      await eventually(clock, () => answered > before + 1, waitMs);
      await clock.sleep(random.below(120));
      await gateway.kill();
      isKilled = true;
      await Promise.all(workers);
    }
    const made = (await exported(stateDir, "sqlite:"))
      .filter((entry) => entry.action === "key.created")
      .map((entry) => entry.object.id);
    const loaded = loadConfig(undefined, {}, config);
    await using services = await openIdentityServices(loaded, { clock, random: systemRandom() });
    const kept: string[] = [];
    for (let after = ""; ;) {
      const page = await services.keys.list(operator(), after === "" ? {} : { after });
      kept.push(...page.map((key) => key.id));
      const last = page.at(-1);
      if (!last || page.length < 1000) break;
      after = last.id;
    }
    expect(made.toSorted()).toEqual(kept.toSorted());
    expect(kept.length).toBeGreaterThanOrEqual(answered + 1);
    expect(answered).toBeGreaterThan(10);
  }, 180_000);
});
