import { faultOfProof } from "./prove.ts";
import { loadVerifyingKey } from "./signing-key.ts";

/**
 * What is wrong with a proof's text, in a sentence; undefined when it holds. Reads the public key of
 * the state directory, or `key`, and no database. LL_AUDITLOG_PUBLIC_KEY when the key cannot be read.
 */
export function checkAuditProof(
  text: string,
  o: { readonly stateDir: string; readonly key?: string | undefined },
): string | undefined {
  return faultOfProof(text, loadVerifyingKey(o.stateDir, o.key));
}
