import { z } from "zod";
import { parseJson } from "@loadline/kit/json";
import type { GrantRow, KeyRow, PrincipalRow, TenantRow } from "../state/rows.ts";
import { type Grant, intersect } from "./grant.ts";
import { type Permission, permissions } from "./permissions.ts";
import type { Principal } from "./principal.ts";
import { isPermission, permissionsOfRoles } from "./roles.ts";

/** Everything that decides what a key may do now. */
export interface KeyRecords {
  readonly key: KeyRow;
  /** Undefined when the key has no owner or the owner is gone. */
  readonly owner: PrincipalRow | undefined;
  readonly ownerGrants: readonly GrantRow[];
  readonly tenant: TenantRow | undefined;
}

const names = z.array(z.string().min(1).max(256)).max(1000);

/** What a tenant allows at most; `policy` of its row. */
export const tenantPolicySchema = z.strictObject({
  permissions: names.optional(),
  models: names.optional(),
  routes: names.optional(),
  ips: names.optional(),
  budgetId: z.string().min(1).max(128).optional(),
  rateId: z.string().min(1).max(128).optional(),
});
export type TenantPolicy = z.output<typeof tenantPolicySchema>;

const everything: Grant = { permissions: new Set(permissions) };
const nothing: Grant = { permissions: new Set() };

/** What a key says of itself, before its owner and tenant narrow it. */
export function grantOfKey(key: Omit<KeyRow, "digest" | "pepperVersion" | "epoch">): Grant {
  const own = key.permissions?.filter(isPermission);
  return {
    permissions: own === undefined ? permissionsOfRoles(key.roles, key.tenantId) : new Set(own),
    models: setOf(key.models),
    routes: setOf(key.routes),
    ips: key.ips,
    budgetId: key.budgetId,
    rateId: key.rateId,
    expiresAt: key.expiresAt,
  };
}

/** Roles and custom grants of a user as of `nowMs`; nothing when disabled. */
export function grantOfOwner(
  owner: PrincipalRow,
  grants: readonly GrantRow[],
  nowMs: number,
): Grant {
  if (owner.disabledAt !== undefined) return nothing;
  const all = permissionsOfRoles(owner.roles, owner.tenantId);
  for (const grant of grants) if (isLive(grant, nowMs)) add(all, grant.permission);
  return { permissions: all };
}

/** A policy that cannot be read allows nothing. */
export function grantOfTenant(tenant: TenantRow | undefined): Grant {
  if (tenant === undefined || tenant.policy === "" || tenant.policy === "{}") return everything;
  const policy = readPolicy(tenant.policy);
  if (!policy) return nothing;
  return {
    permissions:
      policy.permissions === undefined
        ? everything.permissions
        : new Set(policy.permissions.filter(isPermission)),
    models: setOf(policy.models),
    routes: setOf(policy.routes),
    ips: policy.ips,
    budgetId: policy.budgetId,
    rateId: policy.rateId,
  };
}

/** The policy in a row, or undefined when it is damaged. */
export function readPolicy(text: string): TenantPolicy | undefined {
  return tenantPolicySchema.safeParse(parseJson(text === "" ? "{}" : text)).data;
}

/** Key AND owner as of now AND tenant policy. */
export function effectiveGrant(records: KeyRecords, nowMs: number): Grant {
  const { key, owner, ownerGrants, tenant } = records;
  const own = intersect(grantOfKey(key), grantOfTenant(tenant));
  if (key.ownerId === undefined) return own;
  return intersect(own, owner ? grantOfOwner(owner, ownerGrants, nowMs) : nothing);
}

/** Wall-clock ms at which what the key may do changes next; undefined when nothing is set to end. */
export function nextChangeAt(records: KeyRecords, nowMs: number): number | undefined {
  const { key, ownerGrants } = records;
  const ends = [key.expiresAt, key.overlapUntil, ...ownerGrants.map((grant) => grant.expiresAt)];
  const ahead = ends.filter((end) => end !== undefined && end > nowMs);
  return ahead.length === 0 ? undefined : Math.min(...ahead.map(Number));
}

/** The principal that a checked key stands for; frozen. */
export function principalOfKey(records: KeyRecords, nowMs: number): Principal {
  const { key, owner } = records;
  const grant = effectiveGrant(records, nowMs);
  const { models, routes, ips, budgetId, rateId, expiresAt } = grant;
  return Object.freeze({
    id: key.ownerId ?? key.id,
    kind: owner?.kind ?? key.kind,
    tenantId: key.tenantId,
    via: "key" as const,
    credentialId: key.id,
    roles: key.roles,
    grants: grant.permissions,
    limits: Object.freeze({
      ...(models && { models }),
      ...(routes && { routes }),
      ...(ips && { ips }),
      ...(budgetId !== undefined && { budgetId }),
      ...(rateId !== undefined && { rateId }),
    }),
    ...(expiresAt !== undefined && { expiresAt }),
    epoch: key.epoch + (owner?.epoch ?? 0),
  });
}

function isLive(grant: GrantRow, nowMs: number): boolean {
  return grant.expiresAt === undefined || nowMs < grant.expiresAt;
}

function add(to: Set<Permission>, permission: string): void {
  if (isPermission(permission)) to.add(permission);
}

function setOf(list: readonly string[] | undefined): ReadonlySet<string> | undefined {
  return list === undefined ? undefined : new Set(list);
}
