import { gatewayErrors } from "../../errors.ts";
import type { Repositories } from "../../state/repositories.ts";
import type { KeyRow } from "../../state/rows.ts";
import type { Acting } from "../acting.ts";
import { everyTenant } from "../authorize.ts";
import { type Act, recordAct, type ServiceDeps } from "../deps.ts";
import { grantOfKey } from "../effective.ts";
import { digestOf } from "./digest.ts";
import {
  type KeyChange,
  keyChangeSchema,
  type NewKey,
  newKeySchema,
  readFields,
  type RevokeOptions,
  revokeSchema,
  type RotateOptions,
  rotateSchema,
} from "./fields.ts";
import { drawKey, formatKey, type KeyParts, parseKey } from "./key-format.ts";
import { type KeyInfo, keyInfoOf } from "./key-info.ts";
import { checkGrant, newKeyRow } from "./key-row.ts";
import { type KeyRefusal, verifyKey } from "./verify.ts";

/** The full key is `secret`; it is shown here and nowhere else. */
export interface CreatedKey {
  readonly id: string;
  readonly secret: string;
}

export type KeyCheck =
  | { readonly ok: true; readonly id: string }
  | { readonly ok: false; readonly code: KeyRefusal };

export interface KeyFilter {
  readonly tenantId?: string | undefined;
  readonly ownerId?: string | undefined;
  /** Ids after this one. */
  readonly after?: string | undefined;
  /** 1 to 1,000. */
  readonly limit?: number | undefined;
}

/**
 * API keys of the store. Every change commits together with its event and its audit entry; every
 * call may reject with LL_STATE_UNAVAILABLE. Keys of other tenants are LL_KEY_UNKNOWN; without
 * `keys:manage` others' keys are LL_AUTHZ_DENIED.
 */
export interface KeyService {
  /** LL_KEY_FIELD, LL_KEY_GRANT_EXCEEDS, LL_USER_UNKNOWN (owner), LL_TENANT_UNKNOWN. */
  create(acting: Acting, key: NewKey): Promise<CreatedKey>;
  list(acting: Acting, where?: KeyFilter): Promise<readonly KeyInfo[]>;
  show(acting: Acting, id: string): Promise<KeyInfo>;
  /** Whether a presented key is good now, asked of the store itself. */
  check(secret: string): Promise<KeyCheck>;
  change(acting: Acting, id: string, change: KeyChange): Promise<KeyInfo>;
  /** LL_KEY_OVERLAP_ACTIVE while two secrets live, unless forced; LL_KEY_REVOKED. */
  rotate(acting: Acting, id: string, o?: RotateOptions): Promise<CreatedKey>;
  /** Ends a key for good; a second time changes nothing. */
  revoke(acting: Acting, id: string, o?: RevokeOptions): Promise<KeyInfo>;
}

export function createKeyService(deps: ServiceDeps): KeyService {
  return new StoredKeys(deps);
}

type Patch = Parameters<Repositories["keys"]["update"]>[1];

interface Change {
  readonly kind: string;
  readonly detail?: Act["detail"];
  /** Undefined leaves the key as it is, without an event. */
  patchOf(row: KeyRow): Patch | undefined;
}

class StoredKeys implements KeyService {
  readonly #deps: ServiceDeps;

  constructor(deps: ServiceDeps) {
    this.#deps = deps;
  }

  async create(acting: Acting, key: NewKey): Promise<CreatedKey> {
    const { store, random, peppers } = this.#deps;
    const fields = readFields(newKeySchema, key);
    const parts = drawKey(fields.env, random);
    const { id } = parts;
    const digest = this.#digest(parts);
    await store.transaction(async (r) => {
      const createdAt = this.#nowMs();
      const made = await newKeyRow(r, acting, fields, createdAt);
      const row = { ...made, id, digest, pepperVersion: peppers.current, createdAt, epoch: 1 };
      await r.keys.insert(row);
      const { tenantId, name, roles } = row;
      const detail = { name, roles: roles.join(" ") };
      const act = { kind: "key.created", type: "key", subjectId: id, tenantId, detail } as const;
      await recordAct(this.#deps, r, acting, act);
    });
    return { id, secret: formatKey(parts) };
  }

  async list(acting: Acting, where: KeyFilter = {}): Promise<readonly KeyInfo[]> {
    const rows = await this.#deps.store.repositories.keys.list(scopeOf(acting, where));
    return rows.map((row) => keyInfoOf(row, this.#nowMs()));
  }

  async show(acting: Acting, id: string): Promise<KeyInfo> {
    const row = await visibleKey(this.#deps.store.repositories, acting, id);
    return keyInfoOf(row, this.#nowMs());
  }

  async check(secret: string): Promise<KeyCheck> {
    const { store, peppers } = this.#deps;
    const parts = parseKey(secret);
    if (!parts) return { ok: false, code: "LL_AUTH_MALFORMED" };
    const result = await verifyKey(store.repositories, peppers, parts, () => this.#nowMs());
    return result.ok ? { ok: true, id: parts.id } : { ok: false, code: result.code };
  }

  async change(acting: Acting, id: string, change: KeyChange): Promise<KeyInfo> {
    const { name, ...bounds } = readFields(keyChangeSchema, change);
    const patch = { ...bounds, ...(name !== undefined && { name }) };
    const row = await this.#change(acting, id, {
      kind: "key.changed",
      patchOf(before) {
        checkGrant(grantOfKey({ ...before, ...patch }), acting);
        return patch;
      },
    });
    return keyInfoOf(row, this.#nowMs());
  }

  async rotate(acting: Acting, id: string, o: RotateOptions = {}): Promise<CreatedKey> {
    const detail = readFields(rotateSchema, o);
    let secret = "";
    await this.#change(acting, id, {
      kind: "key.rotated",
      detail,
      patchOf: (row) => {
        checkGrant(grantOfKey(row), acting);
        const parts = { env: row.env, id, secret: drawKey(row.env, this.#deps.random).secret };
        secret = formatKey(parts);
        return { ...rotation(row, detail, this.#nowMs()), ...this.#digested(parts) };
      },
    });
    return { id, secret };
  }

  async revoke(acting: Acting, id: string, o: RevokeOptions = {}): Promise<KeyInfo> {
    const { reason } = readFields(revokeSchema, o);
    const row = await this.#change(acting, id, {
      kind: "key.revoked",
      detail: { reason },
      patchOf: ({ revokedAt }) =>
        revokedAt === undefined ? { revokedAt: this.#nowMs(), revokedReason: reason } : undefined,
    });
    return keyInfoOf(row, this.#nowMs());
  }

  /** Row, event and audit entry in one transaction. */
  #change(acting: Acting, id: string, { kind, detail, patchOf }: Change): Promise<KeyRow> {
    return this.#deps.store.transaction(async (r) => {
      const row = await visibleKey(r, acting, id);
      const patch = patchOf(row);
      if (!patch) return row;
      const updated = (await r.keys.update(id, patch)) ?? row;
      const { tenantId } = row;
      const act = { kind, type: "key", subjectId: id, tenantId } as const;
      await recordAct(this.#deps, r, acting, { ...act, ...(detail && { detail }) });
      return updated;
    });
  }

  #digested(parts: KeyParts): Pick<KeyRow, "digest" | "pepperVersion"> {
    return { digest: this.#digest(parts), pepperVersion: this.#deps.peppers.current };
  }

  #digest(parts: KeyParts): Buffer {
    const { peppers } = this.#deps;
    const pepper = peppers.get(peppers.current);
    if (!pepper) throw new TypeError("the current pepper is missing");
    return digestOf(pepper, parts);
  }

  #nowMs(): number {
    return Math.floor(this.#deps.clock.wallMs());
  }
}

/** What moves when a new secret takes the current one's place. */
function rotation(row: KeyRow, o: { overlapMs: number; force: boolean }, nowMs: number): Patch {
  const { id, revokedAt, overlapUntil } = row;
  if (revokedAt !== undefined) throw gatewayErrors.make("LL_KEY_REVOKED", `Key ${id} is revoked.`);
  if (!o.force && nowMs < (overlapUntil ?? 0))
    throw gatewayErrors.make("LL_KEY_OVERLAP_ACTIVE", `Key ${id} has two live secrets.`);
  return {
    oldDigest: row.digest,
    oldPepperVersion: row.pepperVersion,
    overlapUntil: Math.floor(nowMs + o.overlapMs),
    rotatedAt: nowMs,
  };
}

/** A key that the acting principal may see and manage. */
async function visibleKey(
  r: Pick<Repositories, "keys">,
  { principal: p }: Acting,
  id: string,
): Promise<KeyRow> {
  const row = await r.keys.find(id);
  const isHidden = row?.tenantId !== p.tenantId && p.tenantId !== everyTenant;
  if (!row || isHidden)
    throw gatewayErrors.make("LL_KEY_UNKNOWN", `There is no key ${JSON.stringify(id)}.`);
  if (p.grants.has("keys:manage")) return row;
  const isOwn = row.ownerId === p.id || row.id === p.credentialId;
  if (isOwn && p.grants.has("keys:own")) return row;
  throw gatewayErrors.make("LL_AUTHZ_DENIED", "keys:manage is needed for others' keys.");
}

function scopeOf({ principal: p }: Acting, where: KeyFilter) {
  const { after, limit } = where;
  const tenantId = p.tenantId === everyTenant ? where.tenantId : p.tenantId;
  const ownerId = p.grants.has("keys:manage") ? where.ownerId : p.id;
  const scope = { ...(tenantId !== undefined && { tenantId }) };
  return { ...scope, ...(ownerId !== undefined && { ownerId }), after, limit };
}
