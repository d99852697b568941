import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openWorld, type World } from "./world.fixture.ts";

const overrides = {
  targets: {
    a: { provider: "simulator", tokens: 1, latency: 0 },
    b: { provider: "simulator", tokens: 1, latency: 0 },
  },
  routes: {
    r: { models: ["m", "n"], groups: [{ targets: ["a"] }] },
    theirs: { models: ["hidden"], groups: [{ targets: ["b"] }] },
  },
  limits: [
    { scope: "tenant", resource: "requests", limit: 10_001 },
    { scope: "tenant", match: ["default", "other"], resource: "requests", limit: 10_002 },
    { scope: "tenant", match: "other", resource: "requests", limit: 10_003 },
    { scope: "key", match: ["gold", "silver"], resource: "requests", limit: 10_004 },
    { scope: "key", match: ["den"], resource: "money", limit: 1005, period: "day" },
    { scope: "model", match: ["m", "hidden"], resource: "requests", limit: 10_006 },
    { scope: "route", match: ["theirs"], resource: "requests", limit: 10_007 },
  ],
  prices: { m: { input: 0, output: 0 }, hidden: { input: 0, output: 0 } },
};
const surfaces = [
  { id: "config.show", call: "GET /admin/v1/config", body: undefined },
  { id: "config.reload", call: "POST /admin/v1/config/reload", body: {} },
  { id: "breakers.list", call: "GET /admin/v1/breakers", body: undefined },
  { id: "breakers.override", call: "POST /admin/v1/breakers/a/override", body: { to: "open" } },
] as const;

const limitsShape = z.object({
  status: z.unknown(),
  data: z.array(z.object({ limit: z.number(), match: z.array(z.string()).nullable() })),
});
const namesShape = z.object({
  data: z.array(z.object({ name: z.string(), models: z.array(z.string()).default([]) })),
});

describe("surfaces that act on the whole gateway", () => {
  let world: World;
  beforeAll(async () => void (world = await openWorld(overrides)));
  afterAll(() => world[Symbol.asyncDispose]());

  it.each(surfaces)(
    "$id: the admin of a tenant gets 403 and nothing happens, and it is on record",
    async ({ id, call, body }) => {
      const denied = await world.ask(call, { key: world.keys.admin, body });
      expect(denied.status).toBe(403);
      expect(denied.text).toContain("LL_AUTHZ_DENIED");
      const { text } = await world.ask("GET /admin/v1/breakers");
      expect(text).toContain('"override":null');
      // A denied read is on record soon after its answer.
      const isOnRecord = async (): Promise<boolean> =>
        (await world.entries("default")).some(
          (one) => one.surface === id && one.outcome === "denied" && one.code === "LL_AUTHZ_DENIED",
        );
      await eventually(systemClock(), isOnRecord, 20_000);
    },
  );

  /** What a key is shown of the limits, by their figures. */
  const limitsSeenBy = async (key?: string): Promise<Readonly<Record<number, string | null>>> => {
    const { body } = await world.ask("GET /admin/v1/limits", key === undefined ? {} : { key });
    const { data } = limitsShape.parse(body);
    return Object.fromEntries(data.map(({ limit, match }) => [limit, match?.join() ?? null]));
  };
  const [ofModels, ofRoute] = [{ 10_006: "m,hidden" }, { 10_007: "theirs" }];

  it("a tenant's admin sees which limits hold for it, and of other tenants no name", async () => {
    const open = { 10_001: null, ...ofModels, ...ofRoute };
    expect(await limitsSeenBy(world.keys.admin)).toEqual({ ...open, 10_002: "default" });
    const other = { ...open, 10_002: "other", 10_003: "other" };
    expect(await limitsSeenBy(world.keys.other)).toEqual(other);
    const all = { ...open, 10_002: "default,other", 10_003: "other" };
    expect(await limitsSeenBy()).toEqual({ ...all, 10_004: "gold,silver", 1005: "den" });
    // A class or a budget is shown to whose keys bear it, and a key's id to its own tenant.
    await world.makeKey({ name: "k", tenantId: "other", rateId: "gold", roles: ["caller"] });
    expect(await limitsSeenBy(world.keys.other)).toEqual({ ...other, 10_004: "gold" });
    expect(await limitsSeenBy(world.keys.admin)).toEqual({ ...open, 10_002: "default" });
  });

  it("how busy the gateway is with others is shown to the platform alone", async () => {
    const busy = async (key?: string): Promise<unknown> => {
      const { body } = await world.ask("GET /admin/v1/limits", key === undefined ? {} : { key });
      return limitsShape.parse(body).status;
    };
    expect(await busy(world.keys.admin)).toEqual({ mode: "local", leases: null, buckets: null });
    const counts = { leases: expect.any(Number), buckets: expect.any(Number) };
    expect(await busy()).toEqual({ mode: "local", ...counts });
    // What models are asked for, by all tenants together.
    for (const key of [world.keys.admin, world.keys.other])
      expect((await world.ask("GET /metrics", { key })).status).toBe(403);
    expect((await world.ask("GET /metrics")).status).toBe(200);
    const made = await world.ask("POST /admin/v1/keys", {
      key: world.keys.other,
      body: { name: "s", roles: ["scraper"] },
    });
    expect([made.status, made.text]).toEqual([
      403,
      expect.stringContaining("LL_KEY_GRANT_EXCEEDS"),
    ]);
  });

  it("a tenant whose policy names models or routes sees those, their targets and their limits alone", async () => {
    const policy = "PATCH /admin/v1/tenants/other/policy";
    const set = (body: object) => world.ask(policy, { body });
    const seen = async (path: string): Promise<unknown> => {
      const { body } = await world.ask(`GET /admin/v1/${path}`, { key: world.keys.other });
      return namesShape.parse(body).data.map(({ name, models }) => [name, models].flat().join(" "));
    };
    expect([await seen("routes"), await seen("targets")]).toEqual([
      ["r m n", "theirs hidden"],
      ["a", "b"],
    ]);
    expect((await set({ models: ["m"] })).status).toBe(200);
    await eventually(systemClock(), async () => String(await seen("targets")) === "a", 20_000);
    expect(await seen("routes")).toEqual(["r m"]);
    const own = { 10_001: null, 10_002: "other", 10_003: "other" };
    expect(await limitsSeenBy(world.keys.other)).toMatchObject({ ...own, 10_006: "m" });
    expect(await limitsSeenBy(world.keys.other)).not.toMatchObject(ofRoute);
    expect((await set({ routes: ["theirs"], budgetId: "den" })).status).toBe(200);
    await eventually(systemClock(), async () => String(await seen("targets")) === "b", 20_000);
    expect(await seen("routes")).toEqual(["theirs hidden"]);
    const den = { ...own, ...ofRoute, 10_006: "hidden", 1005: "den" };
    expect(await limitsSeenBy(world.keys.other)).toMatchObject(den);
    expect((await set({ routes: ["r"] })).status).toBe(200);
    await eventually(systemClock(), async () => String(await seen("targets")) === "a", 20_000);
    expect(await limitsSeenBy(world.keys.other)).not.toMatchObject(ofRoute);
    expect((await set({})).status).toBe(200);
    await eventually(systemClock(), async () => String(await seen("targets")) === "a,b", 20_000);
  });

  it("the platform's own admin holds a breaker and lets it go", async () => {
    const call = "POST /admin/v1/breakers/a/override";
    const held = await world.ask(call, { body: { to: "open" } });
    expect([held.status, held.text]).toEqual([200, held.text]);
    expect(held.text).toContain('"override":"open"');
    expect((await world.ask(call, { body: { to: "auto" } })).text).toContain('"override":null');
  });
});
