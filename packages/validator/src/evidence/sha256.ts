import { hash } from "node:crypto";

/** SHA-256 as lower-case hex, the digest of every bundle. */
export function sha256(bytes: Uint8Array): string {
  return hash("sha256", bytes, "hex");
}
