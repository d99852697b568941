import { createHmac, timingSafeEqual } from "node:crypto";
import type { Secret } from "../config/values.ts";
import { gatewayErrors } from "../errors.ts";
import type { Repositories } from "../state/repositories.ts";
import type { Peppers } from "./deps.ts";

/** All that are there. */
export interface KnownPeppers extends Peppers {
  readonly versions: readonly number[];
}

/** One pepper, and what depends on it. */
export interface PepperStatus {
  readonly version: number;
  /** New digests are made under it. */
  readonly isCurrent: boolean;
  /** The configuration has it, or for version 1 the state directory: else its secrets are refused. */
  readonly isGiven: boolean;
  /** Secrets of keys neither revoked nor expired; two of a key while its rotation overlaps. */
  readonly secrets: number;
}

const ownVersion = 1;
const hexPattern = /^[0-9a-f]{64}$/;

/**
 * Peppers of the configuration by version, the highest current; version 1 is the state directory's
 * own file unless the configuration gives one. Replicas of one store need the same ones.
 */
export function openPeppers(
  configured: Readonly<Record<string, Secret>>,
  own: Uint8Array,
): KnownPeppers {
  const byVersion = new Map<number, Uint8Array>([[ownVersion, own]]);
  for (const [version, secret] of Object.entries(configured))
    byVersion.set(Number(version), bytesOf(secret.reveal()));
  const versions = [...byVersion.keys()].sort((a, b) => a - b);
  return {
    versions,
    current: versions.at(-1) ?? ownVersion,
    get: (version) => byVersion.get(version),
  };
}

/** Every pepper that is there or that a secret needs, oldest first; one without secrets may go. */
export async function pepperStatus(
  keys: Pick<Repositories["keys"], "countByPepper">,
  peppers: KnownPeppers,
  nowMs: number,
): Promise<readonly PepperStatus[]> {
  const counts = await keys.countByPepper(nowMs);
  const versions = new Set([...peppers.versions, ...counts.keys()]);
  return [...versions]
    .sort((a, b) => a - b)
    .map((version) => ({
      version,
      isCurrent: version === peppers.current,
      isGiven: peppers.get(version) !== undefined,
      secrets: counts.get(version) ?? 0,
    }));
}

/** LL_STATE_PEPPER when the keys of the store were digested under another secret. */
export async function checkPepper(
  facts: Pick<Repositories["facts"], "claim">,
  peppers: Peppers,
): Promise<void> {
  const pepper = peppers.get(peppers.current) ?? new Uint8Array();
  const name = `auth.pepper.${peppers.current}`;
  const value = createHmac("sha256", pepper).update("ll-pepper-check").digest("hex");
  const kept = await facts.claim(name, value);
  const [a, b] = [Buffer.from(kept), Buffer.from(value)];
  if (a.length === b.length && timingSafeEqual(a, b)) return;
  throw gatewayErrors.make(
    "LL_STATE_PEPPER",
    `The keys of this store were made with another pepper ${peppers.current}; set auth.peppers.`,
  );
}

function bytesOf(text: string): Uint8Array {
  return hexPattern.test(text) ? Buffer.from(text, "hex") : Buffer.from(text);
}
