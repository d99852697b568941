import { gatewayErrors } from "../../errors.ts";
import type { GrantRow } from "../../state/rows.ts";
import { type Acting, grantOfPrincipal } from "../acting.ts";
import { recordAct, type ServiceDeps } from "../deps.ts";
import { refuseExcess } from "../excess.ts";
import { base62 } from "../keys/key-format.ts";
import { readFields } from "../keys/fields.ts";
import type { Permission } from "../permissions.ts";
import { permissionsOfRole, readRole, type RoleName } from "../roles.ts";
import { type NewGrant, newGrantSchema } from "./fields.ts";
import { type UserInfo, userInfoOf } from "./user-service.ts";
import { visibleUser } from "./visible-user.ts";

/** A permission beyond the roles. Times are ISO 8601. */
export interface GrantInfo {
  readonly id: string;
  readonly userId: string;
  readonly permission: string;
  readonly reason: string;
  readonly grantedBy: string;
  readonly createdAt: string;
  readonly expiresAt?: string;
}

/** Roles and custom grants of users; every change acts within 1 s on every node. */
export interface RoleService {
  /** LL_USER_FIELD for an unknown role, LL_KEY_GRANT_EXCEEDS beyond the acting principal's own. */
  grant(acting: Acting, userId: string, role: string): Promise<UserInfo>;
  revoke(acting: Acting, userId: string, role: string): Promise<UserInfo>;
  grantPermission(acting: Acting, userId: string, grant: NewGrant): Promise<GrantInfo>;
  /** By the grant's id; LL_USER_UNKNOWN when there is none of this user. */
  revokePermission(acting: Acting, userId: string, grantId: string): Promise<void>;
  /** Custom grants of a user, ended ones included. */
  list(acting: Acting, userId: string): Promise<readonly GrantInfo[]>;
}

const idChars = 12;
const grantsMax = 100;

export function createRoleService(deps: ServiceDeps): RoleService {
  const { store, clock, random } = deps;
  const nowMs = (): number => Math.floor(clock.wallMs());
  const setRole = async (
    acting: Acting,
    userId: string,
    text: string,
    has: boolean,
  ): Promise<UserInfo> => {
    const role = roleOf(text);
    return store.transaction(async (r) => {
      const row = await visibleUser(r, acting, userId);
      bound(acting, permissionsOfRole(role, row.tenantId));
      if (row.roles.includes(role) === has) return userInfoOf(row);
      const roles = has ? [...row.roles, role] : row.roles.filter((one) => one !== role);
      const updated = (await r.principals.update(userId, { roles })) ?? row;
      const kind = has ? "role.granted" : "role.revoked";
      const act = { kind, type: "user", subjectId: userId, tenantId: row.tenantId } as const;
      await recordAct(deps, r, acting, { ...act, detail: { role } });
      return userInfoOf(updated);
    });
  };
  return {
    grant: (acting, userId, role) => setRole(acting, userId, role, true),
    revoke: (acting, userId, role) => setRole(acting, userId, role, false),
    async grantPermission(acting, userId, grant) {
      const fields = readFields(newGrantSchema, grant, "LL_USER_FIELD");
      return store.transaction(async (r) => {
        const { tenantId } = await visibleUser(r, acting, userId);
        const { permission, reason, expiresAt } = fields;
        bound(acting, new Set([permission]));
        if ((await r.grants.list(userId)).length >= grantsMax)
          throw gatewayErrors.make("LL_USER_FIELD", `${userId} has ${grantsMax} grants.`);
        const id = `grt_${base62(random.bytes(idChars), idChars)}`;
        const grantedBy = acting.principal.id;
        const named = { id, principalId: userId, permission, reason, grantedBy };
        const row: GrantRow = { ...named, expiresAt, createdAt: nowMs() };
        await r.grants.insert(row);
        const act = { kind: "grant.added", type: "user", subjectId: userId, tenantId } as const;
        await recordAct(deps, r, acting, { ...act, detail: { permission, reason } });
        return grantInfoOf(row);
      });
    },
    revokePermission(acting, userId, grantId) {
      return store.transaction(async (r) => {
        const { tenantId } = await visibleUser(r, acting, userId);
        const found = (await r.grants.list(userId)).find((one) => one.id === grantId);
        if (!found || !(await r.grants.remove(grantId)))
          throw gatewayErrors.make("LL_USER_UNKNOWN", `${userId} has no grant ${grantId}.`);
        const act = { kind: "grant.removed", type: "user", subjectId: userId, tenantId } as const;
        await recordAct(deps, r, acting, { ...act, detail: { permission: found.permission } });
      });
    },
    async list(acting, userId) {
      await visibleUser(store.repositories, acting, userId);
      return (await store.repositories.grants.list(userId)).map(grantInfoOf);
    },
  };
}

function bound(acting: Acting, permissions: ReadonlySet<Permission>): void {
  refuseExcess({ permissions }, grantOfPrincipal(acting.principal));
}

function roleOf(text: string): RoleName {
  const role = readRole(text);
  if (role !== undefined) return role;
  throw gatewayErrors.make("LL_USER_FIELD", `role names no role: ${JSON.stringify(text)}.`);
}

function grantInfoOf(row: GrantRow): GrantInfo {
  const { id, principalId: userId, permission, reason, grantedBy, expiresAt } = row;
  const createdAt = new Date(row.createdAt).toISOString();
  const ends = expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() };
  return { id, userId, permission, reason, grantedBy, createdAt, ...ends };
}
