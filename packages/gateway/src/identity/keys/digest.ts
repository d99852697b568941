import { createHmac, timingSafeEqual } from "node:crypto";
import type { KeyParts } from "./key-format.ts";

export const digestBytes = 32;

/** HMAC-SHA-256 of a key's id and secret under a pepper; 32 bytes. */
export function digestOf(pepper: Uint8Array, parts: Pick<KeyParts, "id" | "secret">): Buffer {
  return createHmac("sha256", pepper).update(`ll-key-1|${parts.id}|${parts.secret}`).digest();
}

/** Compares in constant time; an absent digest costs the same as a wrong one. */
export function isDigest(stored: Uint8Array | undefined, digest: Uint8Array): boolean {
  const isBytes = stored !== undefined && stored.length === digestBytes;
  const isEqual = timingSafeEqual(isBytes ? stored : new Uint8Array(digestBytes), digest);
  return isBytes && isEqual;
}
