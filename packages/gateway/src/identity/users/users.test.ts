import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gatewayErrors } from "../../errors.ts";
import type { TenantRow } from "../../state/rows.ts";
import { type Acting, operator } from "../acting.ts";
import { openWorld, userWithKey, type World } from "../world.fixture.ts";
import { ensureDefaultTenant } from "./tenant-service.ts";

let world: World;
const by = operator();
const withCode = (code: string): unknown => expect.objectContaining({ code });

beforeEach(async () => void (world = await openWorld()));
afterEach(() => world[Symbol.asyncDispose]());

/** A principal of the default tenant that manages users, but is no admin. */
async function userManager(): Promise<Acting> {
  const { users, roles, keys } = world.identity;
  const user = await users.create(by, { subject: "manager", roles: ["editor"] });
  for (const permission of ["users:manage", "roles:manage"])
    await roles.grantPermission(by, user.id, { permission, reason: "desk" });
  const permissions = ["users:manage", "roles:manage", "inference:call", "models:read"];
  const key = await keys.create(by, { name: "m", ownerId: user.id, permissions });
  return world.as(key.id);
}

describe("users", () => {
  it("are known by issuer and subject: the same twice is refused, another issuer is another user", async () => {
    const { users } = world.identity;
    const a = await users.create(by, { subject: "ann" });
    await expect(users.create(by, { subject: "ann" })).rejects.toThrow(withCode("LL_USER_EXISTS"));
    const b = await users.create(by, { subject: "ann", issuer: "https://idp.test" });
    expect(a.id).not.toBe(b.id);
    expect((await users.list(by)).map((user) => user.id).sort()).toEqual([a.id, b.id].sort());
  });

  it("of other tenants do not exist for a tenant's own admin", async () => {
    const { users, tenants, keys } = world.identity;
    await tenants.create(by, { id: "acme" });
    const theirs = await users.create(by, { subject: "t", tenantId: "acme" });
    const admin = await world.as((await keys.create(by, { name: "a", roles: ["admin"] })).id);
    await expect(users.show(admin, theirs.id)).rejects.toThrow(withCode("LL_USER_UNKNOWN"));
    await expect(users.disable(admin, theirs.id)).rejects.toThrow(withCode("LL_USER_UNKNOWN"));
    expect(await users.list(admin, { tenantId: "acme" })).toEqual([]);
    await expect(users.create(admin, { subject: "x", tenantId: "acme" })).rejects.toThrow(
      withCode("LL_TENANT_UNKNOWN"),
    );
  });

  it("are those of their tenant: a name that another tenant has is free, and tells nothing of it", async () => {
    const { users, tenants, keys } = world.identity;
    await tenants.create(by, { id: "acme" });
    const adminOf = async (tenantId: string): Promise<Acting> =>
      world.as((await keys.create(by, { name: "a", roles: ["admin"], tenantId })).id);
    const [own, acme] = [await adminOf("default"), await adminOf("acme")];
    for (const tenantId of ["default", "acme", "*"])
      await users.create(by, { subject: "ann", tenantId });
    await users.create(by, { subject: "bob", tenantId: "*" });
    await users.create(by, { subject: "cleo" });
    const known = withCode("LL_USER_EXISTS");
    await expect(users.create(own, { subject: "ann" })).rejects.toThrow(known);
    await expect(users.create(acme, { subject: "ann" })).rejects.toThrow(known);
    for (const subject of ["bob", "cleo"]) {
      const made = await users.create(acme, { subject });
      expect([made.tenantId, made.issuer]).toEqual(["acme", "local:acme"]);
    }
    expect((await users.create(own, { subject: "bob" })).issuer).toBe("local");
    expect((await users.create(own, { subject: "dan", issuer: "local" })).issuer).toBe("local");
    // Who else vouches for somebody is the platform's to say, and no tenant's issuer is another's.
    const foreign = { code: "LL_USER_FIELD", param: "issuer" };
    for (const issuer of ["https://idp.test", "local:default", "local:*"])
      await expect(users.create(acme, { subject: "eve", issuer })).rejects.toMatchObject(foreign);
    const stolen = { subject: "eve", issuer: "local:acme" };
    await expect(users.create(own, stolen)).rejects.toMatchObject(foreign);
    await expect(users.create(by, stolen)).rejects.toMatchObject(foreign);
    const idp = { subject: "eve", issuer: "https://idp.test", tenantId: "acme" };
    expect((await users.create(by, idp)).issuer).toBe(idp.issuer);
  });

  it("nobody makes, disables or promotes a user above themselves", async () => {
    const { users, roles } = world.identity;
    const manager = await userManager();
    const admin = await users.create(by, { subject: "root", roles: ["admin"] });
    const exceeds = withCode("LL_KEY_GRANT_EXCEEDS");
    await expect(users.create(manager, { subject: "x", roles: ["admin"] })).rejects.toThrow(
      exceeds,
    );
    await expect(users.disable(manager, admin.id)).rejects.toThrow(exceeds);
    const plain = await users.create(manager, { subject: "plain" });
    await expect(roles.grant(manager, plain.id, "admin")).rejects.toThrow(exceeds);
    await expect(roles.revoke(manager, admin.id, "admin")).rejects.toThrow(exceeds);
    const secret = { permission: "audit:read", reason: "curious" };
    await expect(roles.grantPermission(manager, plain.id, secret)).rejects.toThrow(exceeds);
    const fits = { permission: "inference:call", reason: "desk" };
    await expect(roles.grantPermission(manager, plain.id, fits)).resolves.toMatchObject(fits);
  });

  it("wrong fields are named", async () => {
    const { users, roles } = world.identity;
    for (const user of [{ subject: "" }, { subject: "a", roles: ["root"] }, { subject: "a\n" }])
      await expect(users.create(by, user)).rejects.toThrow(withCode("LL_USER_FIELD"));
    const { id } = await users.create(by, { subject: "a" });
    const grants = [
      { permission: "keys:steal", reason: "x" },
      { permission: "audit:read", reason: "" },
    ];
    for (const grant of grants)
      await expect(roles.grantPermission(by, id, grant)).rejects.toThrow(withCode("LL_USER_FIELD"));
    await expect(roles.grant(by, id, "root")).rejects.toThrow(withCode("LL_USER_FIELD"));
  });
});

describe("roles and grants", () => {
  it("act on a key within one look at the feed, and a custom grant ends on its time", async () => {
    const { identity, clock } = world;
    const { userId, secret } = await userWithKey(world, "u", ["editor"]);
    const wide = { name: "w", ownerId: userId, permissions: ["inference:call", "models:read"] };
    const held = async (): Promise<string[]> => {
      const found = await identity.authenticate(secret, "", clock.monotonicMs());
      return found.ok ? [...found.principal.grants].sort() : [found.code];
    };
    expect(await held()).toContain("inference:call");
    await identity.roles.grant(by, userId, "viewer");
    await identity.roles.revoke(by, userId, "editor");
    await identity.refresh();
    expect(await held()).toEqual(["models:read", "usage:own"]);
    const expiresAt = clock.wallMs() + 1000;
    const grant = { permission: "inference:call", reason: "incident", expiresAt };
    const made = await identity.roles.grantPermission(by, userId, grant);
    await identity.refresh();
    expect(await held()).toContain("inference:call");
    await expect(identity.keys.create(by, wide)).resolves.toMatchObject({});
    clock.advance(1000);
    expect(await held()).toEqual(["models:read", "usage:own"]);
    await identity.roles.revokePermission(by, userId, made.id);
    await expect(identity.roles.revokePermission(by, userId, made.id)).rejects.toThrow(
      withCode("LL_USER_UNKNOWN"),
    );
  });

  it("a tenant's policy narrows all its keys at once, and a disabled tenant has none", async () => {
    const { identity, clock } = world;
    await identity.tenants.create(by, { id: "acme" });
    const key = { name: "k", tenantId: "acme", roles: ["caller"] };
    const { secret } = await identity.keys.create(by, key);
    const ask = async () => identity.authenticate(secret, "", clock.monotonicMs());
    expect((await ask()).ok).toBe(true);
    await identity.tenants.setPolicy(by, "acme", { models: ["m"] });
    await identity.refresh();
    expect(await ask()).toMatchObject({ principal: { limits: { models: new Set(["m"]) } } });
    await identity.tenants.setDisabled(by, "acme", true);
    await identity.refresh();
    expect(await ask()).toMatchObject({ ok: false, code: "LL_AUTH_REVOKED" });
    expect([...(world.ended.at(-1)?.tenants ?? [])]).toEqual(["acme"]);
    const admin = await world.as(
      (await identity.keys.create(by, { name: "a", roles: ["admin"] })).id,
    );
    await expect(identity.tenants.setDisabled(admin, "default", true)).rejects.toThrow(
      withCode("LL_AUTHZ_DENIED"),
    );
  });
});

describe("what an act leaves on record", () => {
  it("is who did it, from where and to whom; an act that changes nothing leaves nothing", async () => {
    const { users, roles, keys } = world.identity;
    const { id } = await users.create(by, { subject: "ann" });
    const desk = await users.create(by, { subject: "desk", roles: ["admin"] });
    const key = await keys.create(by, { name: "desk", ownerId: desk.id, roles: ["admin"] });
    const from = { ip: "10.0.0.9", requestId: "req_1", surface: "users.disable" };
    await users.disable({ ...(await world.as(key.id)), ...from }, id);
    expect(world.audited.at(-1)).toEqual({
      tenant: "default",
      actor: { id: desk.id, kind: "user", via: "key", credential: key.id },
      action: "user.disabled",
      object: { type: "user", id },
      outcome: "ok",
      ...from,
    });
    const before = world.audited.length;
    const seq = await world.store.repositories.events.lastSeq();
    await users.disable(by, id);
    await roles.revoke(by, id, "editor");
    expect(world.audited).toHaveLength(before);
    expect(await world.store.repositories.events.lastSeq()).toBe(seq);
    await roles.grant(by, id, "editor");
    await roles.grant(by, id, "editor");
    expect(world.audited.slice(before).map(({ action, detail }) => [action, detail])).toEqual([
      ["role.granted", { role: "editor" }],
    ]);
  });

  it("a user enabled again has live keys again", async () => {
    const { identity, clock } = world;
    const { userId, secret } = await userWithKey(world, "u", ["editor"]);
    const ask = async () => (await identity.authenticate(secret, "", clock.monotonicMs())).ok;
    await identity.users.disable(by, userId);
    await identity.refresh();
    expect([await ask(), (await identity.users.show(by, userId)).state]).toEqual([
      false,
      "disabled",
    ]);
    const enabled = await identity.users.enable(by, userId);
    await identity.refresh();
    expect([await ask(), enabled.state, enabled.disabledAt]).toEqual([true, "live", undefined]);
  });
});

describe("custom grants", () => {
  it("are listed with their reason and maker, and taken from their own user alone", async () => {
    const { users, roles } = world.identity;
    const [a, b] = [
      await users.create(by, { subject: "a" }),
      await users.create(by, { subject: "b" }),
    ];
    const expiresAt = world.clock.wallMs() + 1000;
    const grant = { permission: "models:read", reason: "desk", expiresAt };
    const made = await roles.grantPermission(by, a.id, grant);
    const shown = { userId: a.id, permission: "models:read", reason: "desk" };
    const ends = new Date(expiresAt).toISOString();
    expect(await roles.list(by, a.id)).toEqual([
      { ...made, ...shown, grantedBy: "operator", expiresAt: ends },
    ]);
    await roles.grantPermission(by, b.id, grant);
    await expect(roles.revokePermission(by, b.id, made.id)).rejects.toThrow(
      withCode("LL_USER_UNKNOWN"),
    );
    expect(await roles.list(by, a.id)).toHaveLength(1);
    await roles.revokePermission(by, a.id, made.id);
    expect(await roles.list(by, a.id)).toEqual([]);
  });

  it("are 100 a user at most", async () => {
    const { users, roles } = world.identity;
    const { id } = await users.create(by, { subject: "a" });
    const grant = { permission: "models:read", reason: "desk" };
    for (let i = 0; i < 100; i++) await roles.grantPermission(by, id, grant);
    await expect(roles.grantPermission(by, id, grant)).rejects.toThrow(withCode("LL_USER_FIELD"));
    expect(await roles.list(by, id)).toHaveLength(100);
  });

  it("of another tenant's user are neither seen, made nor taken", async () => {
    const { users, roles, tenants, keys } = world.identity;
    await tenants.create(by, { id: "acme" });
    const { id } = await users.create(by, { subject: "t", tenantId: "acme" });
    const grant = { permission: "models:read", reason: "desk" };
    const made = await roles.grantPermission(by, id, grant);
    const admin = await world.as((await keys.create(by, { name: "a", roles: ["admin"] })).id);
    for (const act of [
      () => roles.list(admin, id),
      () => roles.grant(admin, id, "viewer"),
      () => roles.grantPermission(admin, id, grant),
      () => roles.revokePermission(admin, id, made.id),
    ])
      await expect(act()).rejects.toThrow(withCode("LL_USER_UNKNOWN"));
  });
});

describe("tenants", () => {
  it("are made, narrowed and listed whole by the platform alone; others see their own", async () => {
    const { tenants, keys } = world.identity;
    await tenants.create(by, { id: "acme", label: "Acme" });
    const admin = await world.as((await keys.create(by, { name: "a", roles: ["admin"] })).id);
    const denied = withCode("LL_AUTHZ_DENIED");
    await expect(tenants.create(admin, { id: "mine" })).rejects.toThrow(denied);
    await expect(tenants.setPolicy(admin, "default", {})).rejects.toThrow(denied);
    const viewer = { principal: { ...by.principal, grants: new Set<never>() } };
    await expect(tenants.create(viewer, { id: "mine" })).rejects.toThrow(denied);
    expect((await tenants.list(admin)).map(({ id }) => id)).toEqual(["default"]);
    expect((await tenants.list(by)).map(({ id, label }) => [id, label]).sort()).toEqual([
      ["acme", "Acme"],
      ["default", "default"],
    ]);
  });

  it("one that does not exist is named, one that exists is not made again", async () => {
    const { tenants } = world.identity;
    const unknown = withCode("LL_TENANT_UNKNOWN");
    await expect(tenants.setPolicy(by, "nobody", {})).rejects.toThrow(unknown);
    await expect(tenants.setDisabled(by, "nobody", true)).rejects.toThrow(unknown);
    await tenants.create(by, { id: "acme" });
    await expect(tenants.create(by, { id: "acme" })).rejects.toThrow(withCode("LL_STATE_CONFLICT"));
  });

  it("enabled again, has live keys again", async () => {
    const { identity, clock } = world;
    await identity.tenants.create(by, { id: "acme" });
    const { secret } = await identity.keys.create(by, { name: "k", tenantId: "acme" });
    const ask = async () => (await identity.authenticate(secret, "", clock.monotonicMs())).ok;
    const states: unknown[] = [];
    for (const isDisabled of [true, false]) {
      const { state } = await identity.tenants.setDisabled(by, "acme", isDisabled);
      await identity.refresh();
      states.push([state, await ask()]);
    }
    expect(states).toEqual([
      ["disabled", false],
      ["live", true],
    ]);
  });

  it("the default one may be made by another process meanwhile; any other failure stands", async () => {
    const kept: TenantRow[] = [];
    const conflict = gatewayErrors.make("LL_STATE_CONFLICT", "taken");
    const racing = (isMade: boolean) => ({
      find: async (id: string) => kept.find((row) => row.id === id),
      list: async () => kept,
      update: async () => undefined,
      async insert(row: TenantRow) {
        if (isMade) kept.push(row);
        throw conflict;
      },
    });
    await expect(ensureDefaultTenant({ tenants: racing(false) }, 0)).rejects.toBe(conflict);
    await expect(ensureDefaultTenant({ tenants: racing(true) }, 0)).resolves.toBe(undefined);
    expect(kept.map(({ id }) => id)).toEqual(["default"]);
  });
});
