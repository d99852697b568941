import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";

const namePattern = /^loadline-v\d+-\w+\.db$/;
const timeOf = (name: string): string => name.split("-")[2] ?? "";

/** Where copies of a database are kept: `backups/` beside it. */
export const copiesDir = (path: string): string => join(dirname(path), "backups");

/** Where a copy of this schema version, made now, belongs. */
export function copyPath(path: string, version: number, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:.]/g, "");
  return join(copiesDir(path), `loadline-v${version}-${stamp}.db`);
}

/** Paths of the copies of a database that are there, oldest first; none where the folder is not. */
export function copiesOf(path: string): string[] {
  const dir = copiesDir(path);
  return namesIn(dir)
    .filter((name) => namePattern.test(name))
    .toSorted((a, b) => timeOf(a).localeCompare(timeOf(b)))
    .map((name) => join(dir, name));
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    // No folder, no copies.
    return [];
  }
}
