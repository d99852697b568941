import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { operator } from "./acting.ts";
import { exposure } from "./exposure.ts";
import { openWorld, userWithKey, type World } from "./world.fixture.ts";

let world: World;
const by = operator();
const sample = (name: string): string =>
  world.metrics
    .render()
    .split("\n")
    .find((line) => line.startsWith(name)) ?? "";

beforeEach(async () => void (world = await openWorld()));
afterEach(() => world[Symbol.asyncDispose]());

describe("the event feed", () => {
  it("tells another process of a new key, a rotation and a revocation", async () => {
    const other = await world.second();
    const { id, secret } = await world.identity.keys.create(by, { name: "a" });
    const code = async (key: string): Promise<string> => {
      const found = await other.authenticate(key, "", world.clock.monotonicMs());
      return found.ok ? "ok" : found.code;
    };
    expect(await code(secret)).toBe("ok");
    const next = await world.identity.keys.rotate(by, id, { overlapMs: 0 });
    expect(await code(secret)).toBe("ok");
    await other.refresh();
    expect([await code(secret), await code(next.secret)]).toEqual(["LL_AUTH_INVALID", "ok"]);
    await world.identity.keys.revoke(by, id);
    await other.refresh();
    expect(await code(next.secret)).toBe("LL_AUTH_REVOKED");
  });

  it("looks by itself every 250 ms", async () => {
    const { id, secret } = await world.identity.keys.create(by, { name: "a" });
    const ask = async () => world.identity.authenticate(secret, "", world.clock.monotonicMs());
    expect((await ask()).ok).toBe(true);
    await world.identity.keys.revoke(by, id);
    expect((await ask()).ok).toBe(true);
    world.clock.advance(250);
    await expect.poll(async () => (await ask()).ok).toBe(false);
  });

  it("names what ended: revoked keys, disabled users; a rotation ends nothing", async () => {
    const { userId, keyId } = await userWithKey(world, "u", ["editor"]);
    await world.identity.keys.rotate(by, keyId);
    await world.identity.refresh();
    await world.identity.keys.revoke(by, keyId);
    await world.identity.users.disable(by, userId);
    await world.identity.refresh();
    const all = world.ended.map(({ keys, owners }) => [...keys, ...owners]);
    expect(all.flat().sort()).toEqual([keyId, userId].sort());
  });

  it("shows its lag and a store that went away in the metrics", async () => {
    world.clock.advance(100);
    await world.identity.refresh();
    world.clock.advance(200);
    expect(sample("loadline_auth_feed_lag_seconds")).toBe("loadline_auth_feed_lag_seconds 0.2");
  });
});

describe("metrics", () => {
  it("the count of good keys is true at the first scrape and follows every change [R0-08]", async () => {
    expect(sample("loadline_active_keys")).toBe("loadline_active_keys 0");
    const { id } = await world.identity.keys.create(by, { name: "a" });
    await world.identity.keys.create(by, { name: "b", expiresAt: world.clock.wallMs() + 60_000 });
    await world.identity.refresh();
    await expect.poll(() => sample("loadline_active_keys")).toBe("loadline_active_keys 2");
    await world.identity.keys.revoke(by, id);
    await world.identity.refresh();
    await expect.poll(() => sample("loadline_active_keys")).toBe("loadline_active_keys 1");
    world.clock.advance(60_000);
    await expect.poll(() => sample("loadline_active_keys")).toBe("loadline_active_keys 0");
  });

  it("authentications are counted by their end, each label set there from the start [R0-23]", async () => {
    const ok = 'loadline_auth_total{via="key",outcome="ok",code="_none"}';
    const bad = 'loadline_auth_total{via="key",outcome="refused",code="LL_AUTH_MALFORMED"}';
    const none = 'loadline_auth_total{via="none",outcome="refused",code="LL_AUTH_MISSING"}';
    expect([ok, bad, none].map(sample)).toEqual([`${ok} 0`, `${bad} 0`, `${none} 0`]);
    const { secret } = await world.identity.keys.create(by, { name: "a" });
    await world.identity.authenticate(secret, "", 0);
    await world.identity.authenticate(secret, "", 0);
    await world.identity.authenticate("nonsense", "", 0);
    world.identity.onMissing();
    expect([ok, bad, none].map(sample)).toEqual([`${ok} 2`, `${bad} 1`, `${none} 1`]);
  });
});

describe("last uses", () => {
  it("are written once a minute and at the end", async () => {
    const { identity, clock, store } = world;
    const { id, secret } = await identity.keys.create(by, { name: "a" });
    await identity.authenticate(secret, "", clock.monotonicMs());
    const used = async () => (await store.repositories.keys.find(id))?.lastUsedAt;
    expect(await used()).toBe(undefined);
    const atMs = clock.wallMs();
    clock.advance(60_000);
    await expect.poll(used).toBe(atMs);
    const again = clock.wallMs();
    await identity.authenticate(secret, "", clock.monotonicMs());
    await identity.close();
    expect(await used()).toBe(again);
    expect((await identity.keys.show(by, id)).lastUsedAt).toBe(new Date(again).toISOString());
  });
});

describe("an exposed credential", () => {
  it("is on record with the key's id and tenant, never with its secret", async () => {
    const { id, secret } = await world.identity.keys.create(by, { name: "a" });
    const report = exposure(world.deps);
    const by1 = { id: "req_1", client: { address: "10.0.0.1" }, operation: { id: "chat" } };
    report(by1, secret);
    report(by1, "sk-something-foreign");
    const entries = () => world.audited.filter((one) => one.action === "key.exposed");
    await expect.poll(() => entries().length).toBe(2);
    const shapes = entries().map(({ tenant, object, code, ip }) => [tenant, object.id, code, ip]);
    expect(shapes).toContainEqual(["default", id, "LL_AUTH_IN_URL", "10.0.0.1"]);
    expect(shapes).toContainEqual(["*", "", "LL_AUTH_IN_URL", "10.0.0.1"]);
    expect(JSON.stringify(entries())).not.toContain(secret.split("_")[3]);
    expect(JSON.stringify(entries())).not.toContain("foreign");
  });
});
