import { createHmac, hash, timingSafeEqual } from "node:crypto";
import { gatewayErrors } from "../errors.ts";
import { drawKey, formatKey, type KeyParts, parseKey } from "../identity/keys/key-format.ts";
import type { State } from "./state.ts";

/** What is known of a key; never its secret. Times are ISO 8601. */
export interface KeyInfo {
  readonly id: string;
  readonly env: string;
  readonly name: string;
  readonly state: "live" | "expired" | "revoked";
  readonly createdAt: string;
  readonly rotatedAt?: string;
  readonly expiresAt?: string;
  readonly revokedAt?: string;
  /** Until then the secret before the rotation is good, too. */
  readonly overlapUntil?: string;
}

/** The full key is `secret`; it is shown here and nowhere else. */
export interface CreatedKey {
  readonly id: string;
  readonly secret: string;
}

export type KeyRefusal =
  | "LL_AUTH_MALFORMED"
  | "LL_AUTH_INVALID"
  | "LL_AUTH_EXPIRED"
  | "LL_AUTH_REVOKED";

export type KeyCheck =
  | { readonly ok: true; readonly id: string }
  | { readonly ok: false; readonly code: KeyRefusal };

export interface CreateKeyOptions {
  /** 1 to 100 characters. */
  readonly name: string;
  /** 2 to 8 of a-z0-9; default `local`. */
  readonly env?: string;
  /** Life of the key; default: no end. */
  readonly expiresMs?: number;
}

const envPattern = /^[a-z0-9]{2,8}$/;
const namePattern = /^[^\u0000-\u001f\u007f]{1,100}$/;
const overlapMsDefault = 24 * 3_600_000;
const overlapMsMax = 30 * 24 * 3_600_000;
const digestBytes = 32;

/** Makes a key; the store keeps an HMAC of its secret under the pepper, nothing else of it. */
export function createKey(state: State, o: CreateKeyOptions): CreatedKey {
  const env = o.env ?? "local";
  if (!envPattern.test(env)) throw field("env is not 2 to 8 characters of a-z and 0-9.");
  if (!namePattern.test(o.name)) throw field("name is not 1 to 100 printable characters.");
  if (o.expiresMs !== undefined && !(o.expiresMs > 0)) throw field("expiresMs is not positive.");
  const parts = drawKey(env, state.random);
  const now = state.clock.wallMs();
  state.db
    .prepare(
      "INSERT INTO keys (id, env, name, digest, created_at, expires_at) VALUES (?,?,?,?,?,?)",
    )
    .run(
      parts.id,
      env,
      o.name,
      digestOf(state, parts),
      now,
      o.expiresMs === undefined ? null : Math.floor(now + o.expiresMs),
    );
  return { id: parts.id, secret: formatKey(parts) };
}

export function listKeys(state: State): KeyInfo[] {
  const rows = state.db.prepare("SELECT * FROM keys ORDER BY created_at, id").all();
  return rows.map((row) => infoOf(row, state.clock.wallMs()));
}

/** LL_KEY_UNKNOWN when there is none. */
export function showKey(state: State, id: string): KeyInfo {
  return infoOf(rowOf(state, id), state.clock.wallMs());
}

/** Whether a presented key is good now. Unknown id and wrong secret are one answer, in one time. */
export function checkKey(state: State, key: string): KeyCheck {
  const parts = parseKey(key);
  if (!parts) return { ok: false, code: "LL_AUTH_MALFORMED" };
  const row = state.db.prepare("SELECT * FROM keys WHERE id = ?").get(parts.id);
  const digest = digestOf(state, parts);
  const now = state.clock.wallMs();
  const isCurrent = isEqual(row?.["digest"], digest);
  const isOld = isEqual(row?.["old_digest"], digest) && now < (timeOf(row, "overlap_until") ?? 0);
  if (!row || !(isCurrent || isOld)) return { ok: false, code: "LL_AUTH_INVALID" };
  const info = infoOf(row, now);
  if (info.state === "revoked") return { ok: false, code: "LL_AUTH_REVOKED" };
  if (info.state === "expired") return { ok: false, code: "LL_AUTH_EXPIRED" };
  return { ok: true, id: parts.id };
}

/** Ends a key for good; a second time changes nothing. LL_KEY_UNKNOWN when there is none. */
export function revokeKey(state: State, id: string): KeyInfo {
  rowOf(state, id);
  state.db
    .prepare("UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL")
    .run(state.clock.wallMs(), id);
  return showKey(state, id);
}

/**
 * A new secret for the same key; the one before stays good for `overlapMs` (default 24 h, at most
 * 30 d). LL_KEY_OVERLAP_ACTIVE while two secrets live, unless `force` ends the oldest now.
 */
export function rotateKey(
  state: State,
  id: string,
  o: { overlapMs?: number; force?: boolean } = {},
): CreatedKey {
  const overlapMs = o.overlapMs ?? overlapMsDefault;
  if (!(overlapMs >= 0 && overlapMs <= overlapMsMax)) throw field("overlapMs is not 0 to 30 days.");
  const row = rowOf(state, id);
  const now = state.clock.wallMs();
  const info = infoOf(row, now);
  if (info.state === "revoked") throw gatewayErrors.make("LL_KEY_REVOKED", `Key ${id} is revoked.`);
  if (!o.force && now < (timeOf(row, "overlap_until") ?? 0))
    throw gatewayErrors.make("LL_KEY_OVERLAP_ACTIVE", `Key ${id} has two live secrets.`);
  const { secret } = drawKey(info.env, state.random);
  const parts = { env: info.env, id, secret };
  state.db
    .prepare(
      "UPDATE keys SET old_digest = digest, digest = ?, overlap_until = ?, rotated_at = ? WHERE id = ?",
    )
    .run(digestOf(state, parts), Math.floor(now + overlapMs), now, id);
  return { id, secret: formatKey(parts) };
}

/** Fingerprint of a presented key for caches; one-way. */
export function keyFingerprint(key: string): string {
  return hash("sha256", key, "base64");
}

function digestOf(state: State, parts: KeyParts): Buffer {
  const mac = createHmac("sha256", state.pepper);
  return mac.update(`ll-key-1|${parts.id}|${parts.secret}`).digest();
}

/** Compares in constant time; an absent digest costs the same as a wrong one. */
function isEqual(stored: unknown, digest: Buffer): boolean {
  const isBytes = stored instanceof Uint8Array && stored.length === digestBytes;
  const equal = timingSafeEqual(isBytes ? stored : new Uint8Array(digestBytes), digest);
  return isBytes && equal;
}

type Row = Readonly<Record<string, unknown>>;

function rowOf(state: State, id: string): Row {
  const row = state.db.prepare("SELECT * FROM keys WHERE id = ?").get(id);
  if (!row) throw gatewayErrors.make("LL_KEY_UNKNOWN", `There is no key ${JSON.stringify(id)}.`);
  return row;
}

function infoOf(row: Row, nowMs: number): KeyInfo {
  const revokedMs = timeOf(row, "revoked_at");
  const expiresMs = timeOf(row, "expires_at");
  const rotatedMs = timeOf(row, "rotated_at");
  const overlapMs = timeOf(row, "overlap_until");
  const isExpired = expiresMs !== undefined && nowMs >= expiresMs;
  return {
    id: String(row["id"]),
    env: String(row["env"]),
    name: String(row["name"]),
    state: revokedMs !== undefined ? "revoked" : isExpired ? "expired" : "live",
    createdAt: new Date(timeOf(row, "created_at") ?? 0).toISOString(),
    ...(rotatedMs !== undefined && { rotatedAt: new Date(rotatedMs).toISOString() }),
    ...(expiresMs !== undefined && { expiresAt: new Date(expiresMs).toISOString() }),
    ...(revokedMs !== undefined && { revokedAt: new Date(revokedMs).toISOString() }),
    ...(overlapMs !== undefined && { overlapUntil: new Date(overlapMs).toISOString() }),
  };
}

function timeOf(row: Row | undefined, column: string): number | undefined {
  const value = row?.[column];
  return typeof value === "number" ? value : undefined;
}

function field(message: string): Error {
  return gatewayErrors.make("LL_KEY_FIELD", message);
}
