import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { formatNumber } from "@loadline/contract";
import { ownRunNames } from "../bundle-path.ts";
import type { ExitCode } from "../process/host.ts";
import type { VerbContext } from "./verb.ts";

const keepDefault = 10;
const keepMax = 1_000_000;
const bytesPerMb = 1024 * 1024;

/** Lists the runs that are older than the newest `--keep`; removes them with `--yes` alone. */
export async function runClean({ host, args, stateDir, json }: VerbContext): Promise<ExitCode> {
  const keep = args.count("keep", { min: 0, max: keepMax }) ?? keepDefault;
  const runsDir = join(stateDir, "runs");
  const names = ownRunNames(runsDir);
  const old = names.slice(0, Math.max(0, names.length - keep));
  const found = old.map((name) => ({
    path: join(runsDir, name),
    bytes: sizeOf(join(runsDir, name)),
  }));
  const remove = args.has("yes");
  if (remove) for (const { path } of found) rmSync(path, { recursive: true });
  if (json) {
    host.stdout.write(
      `${JSON.stringify({ kept: names.length - old.length, removed: remove, runs: found })}\n`,
    );
    return 0;
  }
  for (const { path, bytes } of found) {
    host.stdout.write(`${remove ? "removed" : "would remove"} ${path} ${megabytes(bytes)}\n`);
  }
  host.stdout.write(
    `${found.length} of ${names.length} runs${remove ? "" : lastLine(found.length)}\n`,
  );
  return 0;
}

function lastLine(count: number): string {
  return count === 0 ? "; nothing to remove" : "; run it again with --yes to remove them";
}

function megabytes(bytes: number): string {
  return `${formatNumber(Math.round((bytes / bytesPerMb) * 100) / 100)} MB`;
}

function sizeOf(dir: string): number {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
