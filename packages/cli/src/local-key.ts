import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { operator } from "@loadline/gateway";
import type { Gateway } from "@loadline/gateway";
import { isOpenToOthers } from "@loadline/kit/file-mode";
import { replaceFileSync } from "@loadline/kit/whole-file";
import { cliErrors } from "./errors.ts";

export interface LocalKey {
  readonly secret: string;
  readonly path: string;
  /** True when this start made it. */
  readonly isNew: boolean;
}

/**
 * The key `up` validates with. The store keeps only its HMAC, so the key itself lies in
 * `local.key` (mode 0600) of the state directory, beside the pepper that is as secret as it: whoever
 * reads that folder owns the gateway anyway. `serve` and `keys create` write no such file. A file
 * that others may read is refused; a key that was revoked or rotated away is replaced. What fails
 * behind the error that it rejects with goes to `onSecond`.
 */
export async function ensureLocalKey(
  gateway: Pick<Gateway, "stateDir" | "identity" | "firstKey">,
  onSecond: (cause: unknown) => void,
): Promise<LocalKey> {
  const { identity, firstKey, stateDir } = gateway;
  const path = join(stateDir, "local.key");
  const kept = existsSync(path) ? readKeyFile(path) : undefined;
  if (kept !== undefined && (await identity.keys.check(kept)).ok)
    return { secret: kept, path, isNew: false };
  const key = { name: "made by loadline up", roles: ["editor", "scraper"] };
  const { secret } = firstKey ?? (await identity.keys.create(operator(), key));
  replaceFileSync(path, `${secret}\n`, { mode: 0o600, onSecond });
  return { secret, path, isNew: true };
}

function readKeyFile(path: string): string {
  if (isOpenToOthers(path))
    throw cliErrors.make("LL_CLI_KEY_FILE", `${path} may be read by others.`);
  return readFileSync(path, "utf8").trim();
}
