import { mkdirSync, writeFileSync } from "node:fs";
import { codeOf } from "@loadline/kit/errors";
import { cliErrors } from "./errors.ts";

/** Writes a file that the command line names. @throws LL_CLI_WRITE */
export function writeOutput(
  path: string,
  content: string | Uint8Array,
  o: { readonly mode?: number } = {},
): void {
  try {
    writeFileSync(path, content, o);
  } catch (cause) {
    const why = codeOf(cause, "unwritable");
    throw cliErrors.make("LL_CLI_WRITE", `${path} cannot be written (${why}).`, { cause });
  }
}

/** Makes a folder that the command line names, and those above it. @throws LL_CLI_WRITE */
export function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw cliErrors.make("LL_CLI_WRITE", `${path}: ${why}.`, { cause });
  }
}
