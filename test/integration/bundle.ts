import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../architecture/tree.ts";

const variable = "LOADLINE_TEST_MAIN";

/**
 * Bundles what is here as it is published, once for the tests of a run: a gateway of several
 * processes takes less than half of the processor's time to begin. Its folder has the depth of
 * `packages/cli/dist`.
 */
export function setup(): () => void {
  const parent = join(repositoryRoot, "node_modules", ".cache");
  mkdirSync(parent, { recursive: true });
  const dir = mkdtempSync(join(parent, "bundle-"));
  const remove = (): void => rmSync(dir, { recursive: true, force: true });
  try {
    const config = join(repositoryRoot, "packages/cli/rolldown.config.ts");
    const argv = ["-c", config, "-d", dir];
    execFileSync("rolldown", argv, { stdio: ["ignore", "ignore", "inherit"] });
  } catch (cause) {
    remove();
    throw cause;
  }
  process.env[variable] = join(dir, "main.js");
  return remove;
}

/** The command: the bundle of this run, in a run that made none the sources. */
export const loadlineMain =
  process.env[variable] ?? join(repositoryRoot, "packages/cli/src/main.ts");
