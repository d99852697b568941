import type { LoadlineError } from "@loadline/kit/errors";
import { gatewayErrors } from "../../errors.ts";
import type { Repositories } from "../../state/repositories.ts";
import type { KeyRow, PrincipalRow } from "../../state/rows.ts";
import { type Acting, defaultTenant, grantOfPrincipal } from "../acting.ts";
import { everyTenant } from "../authorize.ts";
import { grantOfKey, grantOfOwner } from "../effective.ts";
import { refuseExcess } from "../excess.ts";
import type { Grant } from "../grant.ts";
import type { newKeySchema } from "./fields.ts";

type Fields = ReturnType<typeof newKeySchema.parse>;
type NewRow = Omit<KeyRow, "id" | "digest" | "pepperVersion" | "createdAt" | "epoch">;

/** The row of a new key, once it is a subset of its maker's and its owner's grant. */
export async function newKeyRow(
  r: Repositories,
  acting: Acting,
  fields: Fields,
  nowMs: number,
): Promise<NewRow> {
  const tenantId = await tenantOf(r, acting, fields.tenantId);
  const ownerId = await ownerOf(r, acting, fields.ownerId);
  const roles = fields.roles ?? (fields.permissions ? [] : ["caller"]);
  const row = { ...fields, tenantId, ownerId, roles };
  const grant = grantOfKey({ ...row, id: "", createdAt: nowMs });
  checkGrant(grant, acting);
  if (ownerId !== undefined) {
    const owner = await ownerFor(r, acting, { ownerId, tenantId });
    refuseExcess(
      grant,
      grantOfOwner(owner, await r.grants.list(ownerId), nowMs),
      "its owner holds",
    );
  }
  return row;
}

/** LL_KEY_GRANT_EXCEEDS, naming the field, beyond what the acting principal holds. */
export function checkGrant(grant: Grant, { principal }: Acting): void {
  refuseExcess(grant, grantOfPrincipal(principal));
}

async function tenantOf(
  r: Repositories,
  { principal: p }: Acting,
  asked: string | undefined,
): Promise<string> {
  const isPlatform = p.tenantId === everyTenant;
  const tenantId = asked ?? (isPlatform ? defaultTenant : p.tenantId);
  if (tenantId !== p.tenantId && !isPlatform) throw unknownTenant(tenantId);
  if (tenantId !== everyTenant && !(await r.tenants.find(tenantId))) throw unknownTenant(tenantId);
  return tenantId;
}

/** A maker who is a known user owns what they make; the operator's keys have no owner. */
async function ownerOf(
  r: Repositories,
  { principal: p }: Acting,
  asked: string | undefined,
): Promise<string | undefined> {
  const isKnown = p.via !== "internal" && (await r.principals.find(p.id)) !== undefined;
  const ownerId = asked ?? (isKnown ? p.id : undefined);
  if (p.grants.has("keys:manage") || (ownerId !== undefined && ownerId === p.id)) return ownerId;
  throw gatewayErrors.make("LL_AUTHZ_DENIED", "keys:manage makes keys for others.");
}

/** The owner, of the key's tenant or the platform; those of others, and to tenants all of `*`, are unknown. */
async function ownerFor(
  r: Repositories,
  { principal: p }: Acting,
  o: { ownerId: string; tenantId: string },
): Promise<PrincipalRow> {
  const owner = await r.principals.find(o.ownerId);
  const isSeen = p.tenantId === everyTenant || p.id === o.ownerId;
  if (owner && (owner.tenantId === o.tenantId || (isSeen && owner.tenantId === everyTenant)))
    return owner;
  throw gatewayErrors.make("LL_USER_UNKNOWN", `There is no user ${JSON.stringify(o.ownerId)}.`);
}

function unknownTenant(id: string): LoadlineError {
  return gatewayErrors.make("LL_TENANT_UNKNOWN", `There is no tenant ${JSON.stringify(id)}.`);
}
