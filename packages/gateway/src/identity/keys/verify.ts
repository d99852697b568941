import type { GatewayErrorCode } from "../../errors.ts";
import type { Repositories } from "../../state/repositories.ts";
import type { KeyRow } from "../../state/rows.ts";
import { everyTenant } from "../authorize.ts";
import type { Peppers } from "../deps.ts";
import type { KeyRecords } from "../effective.ts";
import { digestBytes, digestOf, isDigest } from "./digest.ts";
import type { KeyParts } from "./key-format.ts";

export type KeyRefusal = Extract<
  GatewayErrorCode,
  | "LL_AUTH_MALFORMED"
  | "LL_AUTH_INVALID"
  | "LL_AUTH_EXPIRED"
  | "LL_AUTH_REVOKED"
  | "LL_AUTH_NOT_YET"
>;

/** A key whose secret is right, with all that decides what it may do. */
export interface VerifiedKey {
  readonly ok: true;
  readonly records: KeyRecords;
  /** Set while the presented secret is the one before the last rotation. */
  readonly endsAt: number | undefined;
  /** Which of the two secrets it was and under which pepper. */
  readonly isCurrent: boolean;
}

export type Verification =
  | VerifiedKey
  | { readonly ok: false; readonly code: KeyRefusal; readonly id?: string };

/**
 * Whether a presented key is good now, from the store. An unknown id and a wrong secret cost the
 * same HMAC and give one answer; what a key lacks otherwise is told to its holder only.
 */
export async function verifyKey(
  r: Pick<Repositories, "keys" | "principals" | "grants" | "tenants">,
  peppers: Peppers,
  parts: KeyParts,
  wallMs: () => number,
): Promise<Verification> {
  const row = await r.keys.find(parts.id);
  const nowMs = wallMs();
  const matched = matchSecret(row, peppers, parts, nowMs);
  if (!row || !matched) return { ok: false, code: "LL_AUTH_INVALID" };
  const code = stateRefusal(row, nowMs);
  if (code) return { ok: false, code, id: row.id };
  const records = await recordsOf(r, row);
  if (isDisabled(records)) return { ok: false, code: "LL_AUTH_REVOKED", id: row.id };
  const isCurrent = matched === "current";
  return { ok: true, records, endsAt: isCurrent ? undefined : row.overlapUntil, isCurrent };
}

/** Owner, grants and tenant of a key. */
export async function recordsOf(
  r: Pick<Repositories, "principals" | "grants" | "tenants">,
  key: KeyRow,
): Promise<KeyRecords> {
  const [owner, ownerGrants, tenant] = await Promise.all([
    key.ownerId === undefined ? undefined : r.principals.find(key.ownerId),
    key.ownerId === undefined ? [] : r.grants.list(key.ownerId),
    r.tenants.find(key.tenantId),
  ]);
  return { key, owner, ownerGrants, tenant };
}

/** Why a key with the right secret is not good at `nowMs`. */
export function stateRefusal(row: KeyRow, nowMs: number): KeyRefusal | undefined {
  if (row.revokedAt !== undefined) return "LL_AUTH_REVOKED";
  if (row.expiresAt !== undefined && nowMs >= row.expiresAt) return "LL_AUTH_EXPIRED";
  if (row.notBefore !== undefined && nowMs < row.notBefore) return "LL_AUTH_NOT_YET";
  return undefined;
}

/** Whether the key's owner or tenant is gone or disabled. */
export function isDisabled({ key, owner, tenant }: KeyRecords): boolean {
  const isOwnerGone = key.ownerId !== undefined && (!owner || owner.disabledAt !== undefined);
  const isTenantGone = !tenant && key.tenantId !== everyTenant;
  return isOwnerGone || isTenantGone || tenant?.disabledAt !== undefined;
}

function matchSecret(
  row: KeyRow | undefined,
  peppers: Peppers,
  parts: KeyParts,
  nowMs: number,
): "current" | "old" | undefined {
  const version = row?.pepperVersion ?? peppers.current;
  if (isUnder(peppers, version, parts, row?.digest)) return "current";
  if (!row?.oldDigest || nowMs >= (row.overlapUntil ?? 0)) return undefined;
  const oldVersion = row.oldPepperVersion ?? version;
  return isUnder(peppers, oldVersion, parts, row.oldDigest) ? "old" : undefined;
}

/** Under a pepper that is gone no digest is right; finding that out costs the same. */
function isUnder(
  peppers: Peppers,
  version: number,
  parts: KeyParts,
  stored: Uint8Array | undefined,
): boolean {
  const pepper = peppers.get(version);
  const digest = digestOf(pepper ?? new Uint8Array(digestBytes), parts);
  return isDigest(stored, digest) && pepper !== undefined;
}
