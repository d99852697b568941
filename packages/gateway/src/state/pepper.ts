import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "@loadline/kit/random";
import { codeOf } from "@loadline/kit/errors";
import { isOpenToOthers } from "@loadline/kit/file-mode";
import { gatewayErrors } from "../errors.ts";

const pepperBytes = 32;
const pepperPattern = /^[0-9a-f]{64}$/;

/**
 * The secret that key digests depend on, in a file of mode 0600 beside the database, so that the
 * database alone verifies no key. Made when `isNew`; otherwise LL_STATE_PEPPER if it is missing,
 * damaged or readable by others.
 */
export function loadPepper(dir: string, isNew: boolean, random: Random): Buffer {
  const path = join(dir, "pepper");
  const text = readText(path);
  if (text === undefined) {
    if (!isNew) throw gatewayErrors.make("LL_STATE_PEPPER", `${path} is missing.`);
    const pepper = Buffer.from(random.bytes(pepperBytes));
    writeFileSync(path, `${pepper.toString("hex")}\n`, { mode: 0o600, flag: "wx", flush: true });
    return pepper;
  }
  if (isOpenToOthers(path))
    throw gatewayErrors.make("LL_STATE_PEPPER", `${path} can be read by others.`);
  if (!pepperPattern.test(text)) throw gatewayErrors.make("LL_STATE_PEPPER", `${path} is damaged.`);
  return Buffer.from(text, "hex");
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return undefined;
    throw gatewayErrors.make("LL_STATE_PEPPER", `${path} cannot be read.`, { cause });
  }
}
