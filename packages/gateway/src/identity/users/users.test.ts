import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Acting, operator } from "../acting.ts";
import { openWorld, userWithKey, type World } from "../world.fixture.ts";

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
