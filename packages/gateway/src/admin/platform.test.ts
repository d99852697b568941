import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openWorld, type World } from "./world.fixture.ts";

const overrides = {
  targets: { a: { provider: "simulator", tokens: 1, latency: 0 } },
  routes: { r: { models: ["m"], groups: [{ targets: ["a"] }] } },
};
const surfaces = [
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

  it("the platform's own admin holds a breaker and lets it go", async () => {
    const call = "POST /admin/v1/breakers/a/override";
    const held = await world.ask(call, { body: { to: "open" } });
    expect([held.status, held.text]).toEqual([200, held.text]);
    expect(held.text).toContain('"override":"open"');
    expect((await world.ask(call, { body: { to: "auto" } })).text).toContain('"override":null');
  });
});
