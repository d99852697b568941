import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { codeOf } from "@loadline/kit/errors";
import { cliErrors } from "../errors.ts";

const textBytesMax = 8 * 1024 * 1024;

/** A text of at most `bytesMax`, 8 MiB by itself, that the command line names. @throws LL_CLI_FILE */
export function readNamedFile(cwd: string, name: string, bytesMax = textBytesMax): string {
  const path = resolve(cwd, name);
  try {
    if (statSync(path).size <= bytesMax) return readFileSync(path, "utf8");
  } catch (cause) {
    const reason = codeOf(cause, "unreadable");
    throw cliErrors.make("LL_CLI_FILE", `${name}: cannot be read (${reason}).`, { cause });
  }
  throw cliErrors.make("LL_CLI_FILE", `${name}: over ${bytesMax} bytes.`);
}
