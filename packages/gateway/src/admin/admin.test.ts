import { eventually } from "@loadline/testkit";
import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openOfflineAudit } from "../audit-log/offline.ts";
import { openApiDocument } from "./open-api.ts";
import { problemSchema, problemType } from "./problem.ts";
import { adminRoutes } from "./surfaces/table.ts";
import {
  callsOfAll,
  type Entry,
  entrySchema,
  openWorld,
  withModel,
  type World,
} from "./world.fixture.ts";

let world: World;
let calls: Awaited<ReturnType<typeof callsOfAll>>;

beforeAll(async () => {
  const limits = [{ scope: "key", resource: "requests", limit: 100_000 }];
  world = await openWorld({ ...withModel, limits });
  await world.running.gateway.whenReady();
  calls = await callsOfAll(world);
});
afterAll(() => world[Symbol.asyncDispose]());

const named = adminRoutes.map((route) => [route.surface.id, route] as const);
const document = openApiDocument(adminRoutes);

/** The document's schema of an answer as a check. */
function documented(id: string, status: number): z.ZodType {
  const operation = Object.values(document.paths)
    .flatMap((methods) => Object.values(methods))
    .find((one) => one.operationId === id);
  const answer = operation?.responses[String(status)]?.content["application/json"];
  const schema = z.looseObject({ schema: z.record(z.string(), z.unknown()) }).parse(answer).schema;
  return z.fromJSONSchema(schema);
}

/** All entries of the tenants that these tests touch. */
async function allEntries(): Promise<readonly Entry[]> {
  const tenants = ["*", "default", "other", "third"];
  return (await Promise.all(tenants.map((tenant) => world.entries(tenant)))).flat();
}

describe("every operation of the admin API", () => {
  it("has exactly one call here", () => {
    expect(Object.keys(calls)).toEqual(adminRoutes.map((route) => route.surface.id));
  });

  it.each(named)(
    "%s answers its holder as documented, an act with one entry",
    async (id, route) => {
      const { call = "", body } = calls[id] ?? {};
      const answer = await world.ask(call, { body });
      const requestId = answer.headers.get("x-request-id");
      expect(requestId).toMatch(/^req_[0-9a-f]{24}$/);
      expect(answer.headers.get("cache-control")).toBe("no-store");
      const left = (await allEntries()).filter((entry) => entry["requestId"] === requestId);
      if (id === "config.reload") {
        // Without a file to read there is nothing to do, and nothing that was done.
        expect([answer.status, left.length]).toEqual([503, 0]);
        return;
      }
      expect(`${answer.status} ${answer.text}`).toMatch(new RegExp(`^${route.status} `));
      expect(documented(id, route.status).safeParse(answer.body).error).toBeUndefined();
      const acts = left.map(({ action, outcome, surface, ip }) => ({
        action,
        outcome,
        surface,
        ip,
      }));
      const act = { action: route.action, outcome: "ok", surface: id, ip: "127.0.0.1" };
      expect(acts).toEqual(route.action === undefined ? [] : [act]);
    },
  );

  it.each(named)("%s is refused without a key and with a key that lacks it", async (id) => {
    const { call = "", body } = calls[id] ?? {};
    const none = await world.ask(call, { body, key: "" });
    expect([none.status, none.type]).toEqual([401, problemType]);
    expect(none.headers.get("www-authenticate")).toBe("Bearer");
    expect(problemSchema.parse(none.body).code).toBe("LL_AUTH_MISSING");
    const { secret, id: credential } = await world.makeKey({
      name: id,
      permissions: ["metrics:read"],
    });
    const denied = await world.ask(call, { body, key: secret });
    expect([denied.status, denied.type]).toEqual([403, problemType]);
    expect(problemSchema.parse(denied.body).code).toBe("LL_AUTHZ_DENIED");
    const mine = await entriesOf(credential, 1);
    expect(mine[0]).toMatchObject({
      action: "admin.denied",
      outcome: "denied",
      code: "LL_AUTHZ_DENIED",
      surface: id,
      detail: { count: 1 },
    });
  });
});

describe("denials", () => {
  it("a refused model call is on record with its address, and a good one is not", async () => {
    const chat = { model: "sim", messages: [{ role: "user", content: "hi" }] };
    const caller = await world.makeKey({ name: "good", roles: ["caller"] });
    const path = "POST /v1/chat/completions";
    expect((await world.ask(path, { key: caller.secret, body: chat })).status).toBe(200);
    const narrow = await world.makeKey({ name: "narrow", permissions: ["models:read"] });
    expect((await world.ask(path, { key: narrow.secret, body: chat })).status).toBe(403);
    const found = await entriesOf(narrow.id, 1);
    expect(found[0]).toMatchObject({ action: "authz.denied", surface: "chat", ip: "127.0.0.1" });
    expect(await entriesOf(caller.id, 0)).toEqual([]);
  });

  it("1,000 refused calls of one key leave two entries for each 10 s, whose counts add up to 1,000", async () => {
    await using own = await openWorld();
    const { secret, id } = await own.makeKey({ name: "flood", permissions: ["metrics:read"] });
    const startMs = systemClock().monotonicMs();
    for (let i = 0; i < 20; i++) {
      const calls50 = Array.from({ length: 50 }, () =>
        own.ask("GET /admin/v1/keys", { key: secret }),
      );
      for (const { status } of await Promise.all(calls50)) expect(status).toBe(403);
    }
    const windows = 1 + Math.floor((systemClock().monotonicMs() - startMs) / 10_000);
    const { stateDir, gateway } = own.running;
    await gateway.close({ graceMs: 0 });
    await using log = await openOfflineAudit({ clock: systemClock(), stateDir, sql: "sqlite:" });
    const texts: string[] = [];
    await log.export((text) => texts.push(text), "default");
    const counts = texts
      .map((text) => entrySchema.parse(JSON.parse(text)))
      .filter((entry) => entry.actor.credential === id)
      .map((entry) => entry.detail["count"]);
    expect(counts.reduce<number>((sum, count) => sum + Number(count), 0)).toBe(1000);
    expect(counts.length).toBeLessThanOrEqual(2 * windows);
    expect(counts.slice(0, 2)).toEqual([1, windows === 1 ? 999 : expect.any(Number)]);
  });
});

/** A credential's entries once there are `count` of them. */
async function entriesOf(credential: string, count: number): Promise<readonly Entry[]> {
  let found: readonly Entry[] = [];
  await eventually(
    systemClock(),
    async () => {
      found = (await world.entries()).filter((entry) => entry.actor.credential === credential);
      return found.length === count;
    },
    20_000,
  );
  return found;
}
