import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { ForeignFile } from "@loadline/validator";
import { codeOf } from "@loadline/kit/errors";
import { cliErrors } from "../errors.ts";

const fileBytesMax = 64 * 1024 * 1024;

/** A file of another tool or a plan, up to 64 MiB. @throws LL_CLI_FILE */
export function readText(path: string): ForeignFile {
  try {
    const bytes = readFileSync(path);
    if (bytes.length <= fileBytesMax) return { name: basename(path), text: bytes.toString("utf8") };
  } catch (cause) {
    const reason = codeOf(cause, "unreadable");
    throw cliErrors.make("LL_CLI_FILE", `${path}: cannot be read (${reason}).`, { cause });
  }
  throw cliErrors.make("LL_CLI_FILE", `${path}: over ${fileBytesMax} bytes.`);
}
