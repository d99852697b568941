import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { operator } from "../acting.ts";
import { openWorld, userWithKey, type World } from "../world.fixture.ts";
import type { NewKey } from "./fields.ts";
import { parseKey } from "./key-format.ts";

let world: World;
const by = operator();
const keys = (): World["identity"]["keys"] => world.identity.keys;
const withCode = (code: string): unknown => expect.objectContaining({ code });
const dayMs = 86_400_000;

beforeEach(async () => void (world = await openWorld()));
afterEach(() => world[Symbol.asyncDispose]());

describe("making keys", () => {
  it("a key has the documented form; one changed letter anywhere is refused [R0-06]", async () => {
    const { id, secret } = await keys().create(by, { name: "a", env: "prod" });
    expect(secret).toMatch(/^ll_prod_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/);
    expect(parseKey(secret)?.id).toBe(id);
    expect(await keys().check(secret)).toEqual({ ok: true, id });
    for (let i = 0; i < secret.length; i++) {
      const other = secret[i] === "x" ? "y" : "x";
      const changed = secret.slice(0, i) + other + secret.slice(i + 1);
      expect((await keys().check(changed)).ok).toBe(false);
    }
  });

  it("the secret is shown once: no listing, entry or row holds it", async () => {
    const { id, secret } = await keys().create(by, { name: "a" });
    const part = parseKey(secret)?.secret ?? "none";
    const row = await world.store.repositories.keys.find(id);
    const shown = JSON.stringify([await keys().list(by), await keys().show(by, id)]);
    for (const text of [shown, JSON.stringify(world.audited), JSON.stringify(row)])
      expect(text).not.toContain(part);
    expect(row?.digest).toHaveLength(32);
  });

  it("every attribute is kept and shown", async () => {
    const attributes = {
      name: "all",
      roles: ["Admin", "caller"],
      permissions: ["inference:call", "models:read"],
      models: ["m", "m", "n"],
      routes: ["r"],
      ips: ["10.0.0.0/8"],
      budgetId: "b",
      rateId: "gold",
      notBefore: 1,
      expiresAt: Date.UTC(2030, 0, 1),
      boundTo: "spiffe://a/b",
    };
    const { id } = await keys().create(by, attributes);
    expect(await keys().show(by, id)).toEqual({
      ...attributes,
      id,
      env: "local",
      kind: "service",
      state: "live",
      tenantId: "default",
      roles: ["admin", "caller"],
      models: ["m", "n"],
      createdAt: "2026-01-01T00:00:00.000Z",
      notBefore: "1970-01-01T00:00:00.001Z",
      expiresAt: "2030-01-01T00:00:00.000Z",
    });
  });

  it.each<[string, Partial<NewKey>, string]>([
    ["an empty name", { name: "" }, "name"],
    ["a control character", { name: "a\u0007" }, "name"],
    ["a bad environment", { env: "x_y" }, "env"],
    ["an unknown role", { roles: ["root"] }, "roles"],
    ["an unknown permission", { permissions: ["keys:steal"] }, "permissions"],
    ["a bad range", { ips: ["10.0.0.0/33"] }, "ips"],
    ["an expiry that is no time", { expiresAt: -1 }, "expiresAt"],
  ])("%s is refused and the field is named", async (_name, change, field) => {
    await expect(keys().create(by, { name: "a", ...change })).rejects.toMatchObject({
      code: "LL_KEY_FIELD",
      message: expect.stringMatching(new RegExp(`^${field}`)),
      row: { status: 400, exit: 64 },
    });
  });

  it("an unknown tenant, owner or id is named as such", async () => {
    await expect(keys().create(by, { name: "a", tenantId: "none" })).rejects.toThrow(
      withCode("LL_TENANT_UNKNOWN"),
    );
    await expect(keys().create(by, { name: "a", ownerId: "usr_none" })).rejects.toThrow(
      withCode("LL_USER_UNKNOWN"),
    );
    await expect(keys().show(by, "nope")).rejects.toThrow(withCode("LL_KEY_UNKNOWN"));
  });
});

describe("a key's life", () => {
  it("starts at not-before and ends at its expiry, to the millisecond [R0-09]", async () => {
    const now = world.clock.wallMs();
    const o = { name: "a", notBefore: now + 1000, expiresAt: now + 3000 };
    const { secret } = await keys().create(by, o);
    const code = async (): Promise<unknown> => await keys().check(secret);
    expect(await code()).toEqual({ ok: false, code: "LL_AUTH_NOT_YET" });
    world.clock.advance(1000);
    expect(await code()).toMatchObject({ ok: true });
    world.clock.advance(1999);
    expect(await code()).toMatchObject({ ok: true });
    world.clock.advance(1);
    expect(await code()).toEqual({ ok: false, code: "LL_AUTH_EXPIRED" });
  });

  it("rotation keeps both secrets good until the overlap ends; a third needs force", async () => {
    const first = await keys().create(by, { name: "a" });
    const second = await keys().rotate(by, first.id, { overlapMs: 1000 });
    expect(second.id).toBe(first.id);
    for (const { secret } of [first, second])
      expect(await keys().check(secret)).toEqual({ ok: true, id: first.id });
    await expect(keys().rotate(by, first.id)).rejects.toThrow(withCode("LL_KEY_OVERLAP_ACTIVE"));
    world.clock.advance(1000);
    expect((await keys().check(first.secret)).ok).toBe(false);
    expect((await keys().check(second.secret)).ok).toBe(true);
    await keys().rotate(by, first.id);
    const forced = await keys().rotate(by, first.id, { force: true });
    expect((await keys().check(second.secret)).ok).toBe(false);
    expect((await keys().check(forced.secret)).ok).toBe(true);
  });

  it("the overlap is 24 h unless said otherwise, at most 30 d", async () => {
    const { id, secret } = await keys().create(by, { name: "a" });
    await keys().rotate(by, id);
    world.clock.advance(dayMs - 1);
    expect((await keys().check(secret)).ok).toBe(true);
    world.clock.advance(1);
    expect((await keys().check(secret)).ok).toBe(false);
    await expect(keys().rotate(by, id, { overlapMs: 30 * dayMs + 1 })).rejects.toThrow(
      withCode("LL_KEY_FIELD"),
    );
  });

  it("a revoked key stays revoked, keeps its first reason and is not rotated", async () => {
    const { id, secret } = await keys().create(by, { name: "a" });
    await keys().revoke(by, id, { reason: "leaked" });
    const again = await keys().revoke(by, id, { reason: "later" });
    expect(again).toMatchObject({ state: "revoked", revokedReason: "leaked" });
    expect(await keys().check(secret)).toEqual({ ok: false, code: "LL_AUTH_REVOKED" });
    await expect(keys().rotate(by, id)).rejects.toThrow(withCode("LL_KEY_REVOKED"));
    expect(world.audited.map((one) => one.action)).toEqual(["key.created", "key.revoked"]);
  });

  it("every change commits with its event; one that fails leaves neither", async () => {
    const { id } = await keys().create(by, { name: "a" });
    const { events } = world.store.repositories;
    const before = await events.lastSeq();
    await keys().rotate(by, id);
    await keys().change(by, id, { models: ["m"] });
    expect((await events.after(before, 10)).map((one) => [one.kind, one.subjectId])).toEqual([
      ["key.rotated", id],
      ["key.changed", id],
    ]);
    const failing = await world.second({
      audit: { ...world.deps.audit, write: () => Promise.reject(new Error("disk full")) },
    });
    await expect(failing.keys.revoke(by, id)).rejects.toThrow("disk full");
    expect((await keys().show(by, id)).state).toBe("live");
    expect(await events.lastSeq()).toBe(before + 2);
  });

  it("a change takes no roles, owners or quotas", async () => {
    const { id } = await keys().create(by, { name: "a" });
    const changes: object[] = [{ roles: ["admin"] }, { ownerId: "u" }, { budgetId: "b" }, {}];
    for (const change of changes)
      await expect(keys().change(by, id, change)).rejects.toThrow(withCode("LL_KEY_FIELD"));
  });
});

describe("the grant rule at write", () => {
  it("a key beyond its owner is refused with the permission's name", async () => {
    const owner = await userWithKey(world, "ed", ["editor"]);
    const key = { name: "a", roles: ["admin"], ownerId: owner.userId };
    await expect(keys().create(by, key)).rejects.toMatchObject({
      code: "LL_KEY_GRANT_EXCEEDS",
      param: "permissions",
      message: expect.stringContaining("keys:manage"),
      row: { status: 403 },
    });
  });

  it("a key beyond its maker is refused: permissions, models, addresses and end", async () => {
    const now = world.clock.wallMs();
    const user = await world.identity.users.create(by, { subject: "lead", roles: ["admin"] });
    const narrow = {
      roles: ["admin"],
      ownerId: user.id,
      models: ["m"],
      ips: ["10.0.0.0/8"],
      expiresAt: now + 1000,
    };
    const maker = await world.as((await keys().create(by, { name: "maker", ...narrow })).id);
    const fits = { name: "a", models: ["m"], ips: ["10.1.0.0/16"], expiresAt: now + 999 };
    await expect(keys().create(maker, fits)).resolves.toMatchObject({});
    for (const [change, field] of [
      [{ models: ["m", "n"] }, "models"],
      [{ models: undefined }, "models"],
      [{ ips: ["11.0.0.0/8"] }, "ips"],
      [{ expiresAt: now + 1001 }, "expiresAt"],
    ] as const) {
      const key: object = { ...fits, ...change };
      await expect(keys().create(maker, { name: "a", ...key })).rejects.toMatchObject({
        code: "LL_KEY_GRANT_EXCEEDS",
        param: field,
      });
    }
  });

  it("nobody rotates or widens a key that holds more than they do", async () => {
    const admin = await keys().create(by, { name: "admin", roles: ["admin"] });
    const user = await world.identity.users.create(by, { subject: "keeper", roles: ["editor"] });
    const grant = { permission: "keys:manage", reason: "on call" };
    await world.identity.roles.grantPermission(by, user.id, grant);
    const keeperKey = { name: "k", ownerId: user.id, permissions: ["keys:manage", "keys:own"] };
    const keeper = await world.as((await keys().create(by, keeperKey)).id);
    await expect(keys().rotate(keeper, admin.id)).rejects.toThrow(withCode("LL_KEY_GRANT_EXCEEDS"));
    await expect(keys().change(keeper, admin.id, { name: "mine" })).rejects.toThrow(
      withCode("LL_KEY_GRANT_EXCEEDS"),
    );
    await expect(keys().revoke(keeper, admin.id)).resolves.toMatchObject({ state: "revoked" });
  });

  it("an editor makes, sees and ends own keys only; other tenants' keys do not exist", async () => {
    const ed = await userWithKey(world, "ed", ["editor"]);
    const other = await userWithKey(world, "other", ["editor"]);
    const acting = await world.as(ed.keyId);
    const own = await keys().create(acting, { name: "own" });
    expect((await keys().list(acting)).map((key) => key.id).sort()).toEqual(
      [ed.keyId, own.id].sort(),
    );
    await expect(keys().show(acting, other.keyId)).rejects.toThrow(withCode("LL_AUTHZ_DENIED"));
    const foreign = { name: "x", ownerId: other.userId };
    await expect(keys().create(acting, foreign)).rejects.toThrow(withCode("LL_AUTHZ_DENIED"));
    await world.identity.tenants.create(by, { id: "acme" });
    const there = await keys().create(by, { name: "t", tenantId: "acme", roles: ["admin"] });
    const acme = await world.as(there.id);
    await expect(keys().show(acme, ed.keyId)).rejects.toThrow(withCode("LL_KEY_UNKNOWN"));
    expect((await keys().list(acme, { tenantId: "default" })).map((key) => key.id)).toEqual([
      there.id,
    ]);
    await expect(keys().create(acme, { name: "x", tenantId: "default" })).rejects.toThrow(
      withCode("LL_TENANT_UNKNOWN"),
    );
  });

  it("a user of another tenant or of the platform owns no key of a tenant's admin, like one who is not there", async () => {
    const { users, tenants } = world.identity;
    await tenants.create(by, { id: "acme" });
    const made = { name: "t", tenantId: "acme", roles: ["admin"] };
    const acme = await world.as((await keys().create(by, made)).id);
    const refusal = async (ownerId: string): Promise<string> => {
      const key = keys().create(acme, { name: "x", ownerId });
      const said = await key.then(
        () => "made",
        (cause: unknown) => String(cause),
      );
      return said.replaceAll(ownerId, "OWNER");
    };
    const absent = await refusal("usr_000000000000");
    expect(absent).toContain("There is no user");
    for (const tenantId of ["default", "*"]) {
      const { id } = await users.create(by, { subject: "ann", tenantId, roles: ["admin"] });
      expect([tenantId, await refusal(id)]).toEqual([tenantId, absent]);
    }
    const root = await users.create(by, { subject: "root", tenantId: "*", roles: ["admin"] });
    const platforms = { name: "p", tenantId: "acme", ownerId: root.id };
    await expect(keys().create(by, platforms)).resolves.toMatchObject({});
  });
});
