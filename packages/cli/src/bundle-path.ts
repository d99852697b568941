import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { cliErrors } from "./errors.ts";

/** UTC time and a short id, numbered when resumed: what a run names its folder, and nobody else by chance. */
const ownName = /^\d{8}T\d{6}Z-[0-9a-f]{4,32}(-r\d{3})?$/;

/**
 * The folder a BUNDLE argument means: a path, the name of a run of the state directory as reports
 * show it, or `latest` in a folder of runs, which is the newest of them.
 */
export function bundlePath(cwd: string, given: string, stateDir = ".loadline"): string {
  const path = resolve(cwd, given);
  if (existsSync(path)) return runFolder(path, given);
  const named = resolve(cwd, stateDir, "runs", given);
  if (ownName.test(given) && existsSync(named)) return named;
  if (basename(path) !== "latest" || !existsSync(dirname(path))) {
    throw cliErrors.make("LL_CLI_BUNDLE", `${given}: no such file or folder.`);
  }
  const newest = runNames(dirname(path)).at(-1);
  if (newest === undefined) {
    throw cliErrors.make("LL_CLI_BUNDLE", `${dirname(given)}: no run in this folder.`);
  }
  return join(dirname(path), newest);
}

/** What is there, unless it is plainly the folder that runs are kept in. */
function runFolder(path: string, given: string): string {
  if (existsSync(join(path, "evidence.jsonl")) || existsSync(join(path, "plan.json"))) return path;
  for (const below of ["", "runs"]) {
    if (!isFolder(join(path, below)) || ownRunNames(join(path, below)).length === 0) continue;
    const meantPath = join(given, below, "latest");
    const message = `${given}: a folder of runs, not a run. Did you mean "${meantPath}"?`;
    throw cliErrors.make("LL_CLI_BUNDLE", message);
  }
  return path;
}

/** Whether a folder is there; false for a path that nobody may look at or can have. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Names of the folders that a run here made, oldest first; renamed ones are their owner's. */
export function ownRunNames(runsDir: string): string[] {
  return runNames(runsDir).filter((name) => ownName.test(name));
}

/** Names of the runs in a folder, oldest first: the name begins with the UTC time. */
export function runNames(runsDir: string): string[] {
  if (!existsSync(runsDir)) return [];
  return readdirSync(runsDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^\d{4}/.test(entry.name))
    .map((entry) => entry.name)
    .sort();
}
