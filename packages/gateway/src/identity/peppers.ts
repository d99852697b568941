import { createHmac, timingSafeEqual } from "node:crypto";
import type { Secret } from "../config/values.ts";
import { gatewayErrors } from "../errors.ts";
import type { Repositories } from "../state/repositories.ts";
import type { Peppers } from "./deps.ts";

const ownVersion = 1;
const hexPattern = /^[0-9a-f]{64}$/;

/**
 * Peppers of the configuration by version, the highest current; version 1 is the state directory's
 * own file unless the configuration gives one. Replicas of one store need the same ones.
 */
export function openPeppers(
  configured: Readonly<Record<string, Secret>>,
  own: Uint8Array,
): Peppers & { readonly versions: readonly number[] } {
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
