import { accessSync, constants, existsSync, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import type { CliHost } from "./host.ts";

/** Where the first of these programs lies, on PATH or at its own path; undefined when none does. */
export function toolPath(
  { env, cwd }: Pick<CliHost, "env" | "cwd">,
  names: readonly string[],
): string | undefined {
  const dirs = (env["PATH"] ?? "").split(delimiter).filter((dir) => dir !== "");
  const places = (name: string): string[] =>
    name.includes("/") ? [resolve(cwd, name)] : dirs.map((dir) => join(dir, name));
  return names.flatMap(places).find(isExecutable);
}

function isExecutable(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    // A folder can be entered, which is the same bit.
    return statSync(path).isFile();
  } catch {
    // Nobody here may run it.
    return false;
  }
}
