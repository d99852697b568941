import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GrantRow, KeyRow, PrincipalRow, TenantRow } from "../state/rows.ts";
import { effectiveGrant, grantOfKey, nextChangeAt, principalOfKey } from "./effective.ts";
import { findExcess } from "./grant.ts";
import { permissions } from "./permissions.ts";
import { allRoles, permissionsOfRoles, readRole } from "./roles.ts";

const key: KeyRow = {
  id: "k",
  env: "local",
  name: "n",
  tenantId: "t",
  ownerId: "u",
  kind: "service",
  digest: new Uint8Array(32),
  pepperVersion: 1,
  roles: ["admin"],
  createdAt: 0,
  epoch: 3,
};
const owner: PrincipalRow = {
  id: "u",
  kind: "user",
  issuer: "local",
  subject: "s",
  tenantId: "t",
  label: "l",
  roles: ["editor"],
  createdAt: 0,
  epoch: 4,
};
const custom: GrantRow = {
  id: "g",
  principalId: "u",
  permission: "audit:read",
  reason: "r",
  grantedBy: "a",
  createdAt: 0,
  expiresAt: 100,
};
const tenant: TenantRow = { id: "t", label: "t", createdAt: 0, policy: "{}" };
const records = { key, owner, ownerGrants: [custom], tenant };

describe("what a key may do now", () => {
  it("an admin key of an editor holds what the editor holds, custom grants until they end", () => {
    expect(effectiveGrant(records, 99).permissions).toEqual(
      new Set([...permissionsOfRoles(["editor"]), "audit:read"]),
    );
    expect(effectiveGrant(records, 100).permissions).toEqual(permissionsOfRoles(["editor"]));
    expect(nextChangeAt(records, 99)).toBe(100);
    expect(nextChangeAt(records, 100)).toBe(undefined);
  });

  it("an owner who is gone or disabled leaves nothing, a key without owner keeps its own", () => {
    expect(effectiveGrant({ ...records, owner: undefined }, 0).permissions.size).toBe(0);
    const disabled = { ...owner, disabledAt: 1 };
    expect(effectiveGrant({ ...records, owner: disabled }, 0).permissions.size).toBe(0);
    const { ownerId: _, ...ownerless } = key;
    const own = effectiveGrant({ ...records, key: ownerless, owner: undefined }, 0);
    expect(own.permissions).toEqual(permissionsOfRoles(["admin"]));
  });

  it("the tenant's policy narrows, and one that cannot be read allows nothing", () => {
    const policy = JSON.stringify({ models: ["a"], permissions: ["inference:call"] });
    const narrowed = effectiveGrant({ ...records, tenant: { ...tenant, policy } }, 0);
    expect(narrowed.permissions).toEqual(new Set(["inference:call"]));
    expect(narrowed.models).toEqual(new Set(["a"]));
    for (const damaged of ["{", '{"model":["a"]}', "[]"]) {
      const none = effectiveGrant({ ...records, tenant: { ...tenant, policy: damaged } }, 0);
      expect(none.permissions.size).toBe(0);
    }
  });

  it("listed permissions stand in place of the roles', unknown names count for nothing", () => {
    expect(grantOfKey({ ...key, permissions: ["models:read", "root"] }).permissions).toEqual(
      new Set(["models:read"]),
    );
  });

  it("the principal is frozen and names key, owner and epoch", () => {
    const p = principalOfKey(records, 0);
    expect(p).toMatchObject({ id: "u", credentialId: "k", kind: "user", epoch: 7, tenantId: "t" });
    expect([Object.isFrozen(p), Object.isFrozen(p.limits)]).toEqual([true, true]);
  });

  it("never exceeds key, owner or tenant, whatever they are", () => {
    const some = fc.subarray([...permissions]);
    const roles = fc.subarray([...allRoles]);
    fc.assert(
      fc.property(some, roles, roles, some, (own, keyRoles, ownerRoles, allowed) => {
        const all = {
          key: { ...key, roles: keyRoles, permissions: own },
          owner: { ...owner, roles: ownerRoles },
          ownerGrants: [],
          tenant: { ...tenant, policy: JSON.stringify({ permissions: allowed }) },
        };
        const now = effectiveGrant(all, 0);
        for (const held of [own, [...permissionsOfRoles(ownerRoles)], allowed])
          expect(findExcess(now, { permissions: new Set(held) })).toBe(undefined);
      }),
    );
  });
});

describe("roles", () => {
  it("viewer < editor < admin; what all tenants do together an admin of the platform alone reads", () => {
    const held = (name: string) => ({ permissions: permissionsOfRoles([name]) });
    expect(findExcess(held("viewer"), held("editor"))).toBe(undefined);
    expect(findExcess(held("editor"), held("admin"))).toBe(undefined);
    expect(findExcess(held("editor"), held("viewer"))).toBe("permissions");
    const ofAll = new Set(permissions);
    expect(permissionsOfRoles(["admin"], "*")).toEqual(ofAll);
    const missing = permissions.filter((one) => !held("admin").permissions.has(one));
    expect(missing).toEqual(["metrics:read"]);
    expect(permissionsOfRoles(["admin"], "acme")).toEqual(held("admin").permissions);
    expect(findExcess(held("scraper"), held("admin"))).toBe("permissions");
    expect(permissionsOfRoles(["editor"], "*")).toEqual(held("editor").permissions);
    expect(held("nobody").permissions.size).toBe(0);
  });

  it("names of other products stand for ours", () => {
    expect(["ReadOnly", "User", "Admin", "editor", "root"].map(readRole)).toEqual([
      "viewer",
      "caller",
      "admin",
      "editor",
      undefined,
    ]);
  });
});
