import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { importCompose } from "@loadline/validator";
import { cliErrors } from "../errors.ts";
import type { CliHost, ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";

/** The text of a compose file, `named` as it was given. @throws LL_CLI_FILE */
export function readText(path: string, named: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw cliErrors.make("LL_CLI_FILE", `${named}: ${why}.`, { cause });
  }
}

/** Prints a plan of the compose file's stack, to be completed; what it lacks goes to stderr. */
export function printCompose(host: CliHost, path: string): ExitCode {
  const { stack, notes } = importCompose(readText(resolve(host.cwd, path), `--compose ${path}`));
  // YAML readers take JSON, and this way no value is read as another type.
  host.stdout.write(`${JSON.stringify({ stack }, null, 2)}\n`);
  for (const note of notes) host.stderr.write(`${cleanText(note)}\n`);
  return 0;
}
