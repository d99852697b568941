import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { cliErrors } from "./errors.ts";

/** The folder a BUNDLE argument means; `latest` in a folder of runs is the newest of them. */
export function bundlePath(cwd: string, given: string): string {
  const path = resolve(cwd, given);
  if (existsSync(path)) return path;
  if (basename(path) !== "latest" || !existsSync(dirname(path))) {
    throw cliErrors.make("LL_CLI_BUNDLE", `${given}: no such file or folder.`);
  }
  const newest = runNames(dirname(path)).at(-1);
  if (newest === undefined) {
    throw cliErrors.make("LL_CLI_BUNDLE", `${dirname(given)}: no run in this folder.`);
  }
  return join(dirname(path), newest);
}

/** UTC time and a short id, numbered when resumed: what a run names its folder, and nobody else by chance. */
const ownName = /^\d{8}T\d{6}Z-[0-9a-f]{4,32}(-r\d{3})?$/;

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
