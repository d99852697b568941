import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const restPattern = /^\d+-(\w+)\.db$/;

/** Where copies of a database are kept: `backups/` beside it. */
export const copiesDir = (path: string): string => join(dirname(path), "backups");

/** Where a copy of this schema version, made now, belongs. */
export function copyPath(path: string, version: number, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:.]/g, "");
  return join(copiesDir(path), `${startOf(path)}${version}-${stamp}.db`);
}

/** Paths of the copies of a database that are there, oldest first; none where the folder is not. */
export function copiesOf(path: string): string[] {
  const dir = copiesDir(path);
  const start = startOf(path);
  const timeOf = (name: string): string =>
    (name.startsWith(start) && restPattern.exec(name.slice(start.length))?.[1]) || "";
  return namesIn(dir)
    .filter((name) => timeOf(name) !== "")
    .toSorted((a, b) => timeOf(a).localeCompare(timeOf(b)))
    .map((name) => join(dir, name));
}

/** What names of its copies begin with: those of another database of the folder are not its own. */
const startOf = (path: string): string => `${basename(path, ".db")}-v`;

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    // No folder, no copies.
    return [];
  }
}
