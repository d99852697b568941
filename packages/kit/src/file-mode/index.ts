import { statSync } from "node:fs";

/**
 * Whether anybody but its owner has any right to a file, which holds no secret then. Never on
 * Windows, whose files have no such modes.
 *
 * ```ts
 * if (isOpenToOthers(path)) throw errors.make("LL_STATE_PEPPER", `${path} can be read by others.`);
 * ```
 */
export function isOpenToOthers(path: string): boolean {
  return process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0;
}
