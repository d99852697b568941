import { systemClock } from "@loadline/kit/clock";
import { eventually, removeFolder } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { openWorld, type World } from "../admin/world.fixture.ts";
import { temporaryDir } from "../../test/harness.ts";

const chat = { model: "sim", messages: [{ role: "user", content: "a secret prompt" }] };
const path = "POST /v1/chat/completions";

async function actionsOf(world: World, tenant: string, count: number): Promise<string[]> {
  let found: string[] = [];
  await eventually(
    systemClock(),
    async () => {
      const entries = await world.entries(tenant);
      found = entries.filter((e) => e.surface === "chat").map((e) => `${e.action} ${e.code}`);
      return found.length >= count;
    },
    20_000,
  );
  return found;
}

describe("what exchanges leave in the audit log", () => {
  it("each kind of refusal leaves its own entry, with neither key nor prompt", async () => {
    const limits = [{ scope: "key", resource: "requests", limit: 1, period: "1h", burst: 1 }];
    await using world = await openWorld({ limits });
    const wrong = world.keys.caller.replace(/_[0-9A-Za-z]{6}$/, "_000000");
    await world.ask(path, { key: "", body: chat });
    await world.ask(path, { key: wrong, body: chat });
    const { secret } = await world.makeKey({ name: "n", permissions: ["models:read"] });
    await world.ask(path, { key: secret, body: chat });
    expect((await world.ask(path, { key: world.keys.caller, body: chat })).status).toBe(200);
    expect((await world.ask(path, { key: world.keys.caller, body: chat })).status).toBe(429);
    expect((await actionsOf(world, "*", 2)).sort()).toEqual([
      "auth.denied LL_AUTH_MALFORMED",
      "auth.denied LL_AUTH_MISSING",
    ]);
    expect((await actionsOf(world, "default", 2)).sort()).toEqual([
      "authz.denied LL_AUTHZ_DENIED",
      expect.stringMatching(/^limit\.denied LL_LIMIT_/),
    ]);
    const all = [...(await world.entries("*")), ...(await world.entries())];
    const text = JSON.stringify(all);
    expect(text).not.toContain("a secret prompt");
    for (const key of Object.values(world.keys)) expect(text).not.toContain(key.split("_")[3]);
  });

  it("two credentials at once are a denial", async () => {
    await using world = await openWorld({});
    const key = world.keys.caller;
    const headers = { authorization: `Bearer ${key}`, "x-api-key": `${key}x` };
    const body = JSON.stringify(chat);
    expect((await world.running.post("/v1/chat/completions", body, { headers })).status).toBe(400);
    expect(await actionsOf(world, "*", 1)).toEqual(["auth.denied LL_AUTH_AMBIGUOUS"]);
  });

  it("requests: all adds one entry per model request, and none for reads", async () => {
    await using world = await openWorld({ auditLog: { requests: "all" } });
    const { secret } = await world.makeKey({ name: "n", roles: ["caller"] });
    await world.ask(path, { key: secret, body: chat });
    await world.ask(path, { key: secret, body: { ...chat, model: "none" } });
    await world.ask("GET /v1/models", { key: secret });
    expect(await actionsOf(world, "default", 2)).toEqual([
      "request null",
      "request LL_MODEL_UNKNOWN",
    ]);
    // A name that no route has is the caller's own text.
    const named = (await world.entries()).filter((e) => e.surface === "chat");
    expect(named.map((e) => e.object)).toEqual([
      { type: "model", id: "sim" },
      { type: "", id: "" },
    ]);
  });

  it("in sync mode a refusal is answered when its entry can be read already", async () => {
    await using world = await openWorld({ auditLog: { sync: true } });
    for (let i = 0; i < 10; i++) {
      const { secret, id } = await world.makeKey({ name: `n${i}`, permissions: ["models:read"] });
      expect((await world.ask(path, { key: secret, body: chat })).status).toBe(403);
      const own = (await world.entries()).filter((entry) => entry.actor.credential === id);
      expect(own.map((entry) => entry.action)).toEqual(["authz.denied"]);
    }
  });
});

describe("denials on record", () => {
  it("are found by actor, object and address, also after a restart [R3-12]", async () => {
    const stateDir = temporaryDir();
    const first = await openWorld({ stateDir });
    const { secret, id } = await first.makeKey({ name: "n", permissions: ["metrics:read"] });
    expect((await first.ask(path, { key: secret, body: chat })).status).toBe(403);
    const call = `POST /admin/v1/keys/${id}/revoke`;
    expect((await first.ask(call, { key: secret, body: {} })).status).toBe(403);
    await first[Symbol.asyncDispose]();
    using _folder = { [Symbol.dispose]: () => removeFolder(stateDir) };
    await using second = await openWorld({ stateDir });
    const denied = await second.entries("default", "&outcome=denied");
    expect(denied.map((entry) => `${entry.action} ${entry.surface}`)).toEqual([
      "authz.denied chat",
      "admin.denied keys.revoke",
    ]);
    const actor = denied[0]?.actor.id ?? "";
    const count = async (query: string): Promise<number> =>
      (await second.entries("default", `&outcome=denied${query}`)).length;
    expect(await count(`&actorId=${actor}`)).toBe(2);
    expect(await count("&actorId=nobody")).toBe(0);
    expect(await count(`&objectType=key&objectId=${id}`)).toBe(1);
    expect(await count("&ip=127.0.0.1")).toBe(2);
    expect(await count("&ip=10.0.0.1")).toBe(0);
    expect(await count("&code=LL_AUTHZ_DENIED")).toBe(2);
  });
});
