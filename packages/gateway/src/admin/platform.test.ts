import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openWorld, type World } from "./world.fixture.ts";

const overrides = {
  targets: { a: { provider: "simulator", tokens: 1, latency: 0 } },
  routes: { r: { models: ["m"], groups: [{ targets: ["a"] }] } },
  limits: [
    { scope: "tenant", resource: "requests", limit: 10_001 },
    { scope: "tenant", match: ["default", "other"], resource: "requests", limit: 10_002 },
    { scope: "tenant", match: "other", resource: "requests", limit: 10_003 },
    { scope: "key", match: ["gold"], resource: "requests", limit: 10_004 },
  ],
};
const surfaces = [
  { id: "config.show", call: "GET /admin/v1/config", body: undefined },
  { id: "config.reload", call: "POST /admin/v1/config/reload", body: {} },
  { id: "breakers.list", call: "GET /admin/v1/breakers", body: undefined },
  { id: "breakers.override", call: "POST /admin/v1/breakers/a/override", body: { to: "open" } },
] as const;

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
      await eventually(systemClock(), isOnRecord, 5000);
    },
  );

  it("a tenant's admin sees which limits hold for it, and no other tenant by name", async () => {
    const shape = z.object({
      data: z.array(z.object({ limit: z.number(), match: z.array(z.string()).nullable() })),
    });
    const seenBy = async (key?: string): Promise<unknown> => {
      const { body } = await world.ask("GET /admin/v1/limits", key === undefined ? {} : { key });
      return shape.parse(body).data.map(({ limit, match }) => [limit, match?.join() ?? null]);
    };
    const [all, keys] = [
      [10_001, null],
      [10_004, "gold"],
    ];
    expect(await seenBy(world.keys.admin)).toEqual([all, [10_002, "default"], keys]);
    expect(await seenBy(world.keys.other)).toEqual([
      all,
      [10_002, "other"],
      [10_003, "other"],
      keys,
    ]);
    expect(await seenBy()).toEqual([all, [10_002, "default,other"], [10_003, "other"], keys]);
  });

  it("the platform's own admin holds a breaker and lets it go", async () => {
    const call = "POST /admin/v1/breakers/a/override";
    const held = await world.ask(call, { body: { to: "open" } });
    expect([held.status, held.text]).toEqual([200, held.text]);
    expect(held.text).toContain('"override":"open"');
    expect((await world.ask(call, { body: { to: "auto" } })).text).toContain('"override":null');
  });
});
