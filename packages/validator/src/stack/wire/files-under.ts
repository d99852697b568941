import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { WireFault } from "./fault.ts";

const filesMax = 2_000;
const depthMax = 8;
const skipped = new Set([".git", "node_modules"]);

/** Files of a path: itself, or everything below it, at most 2,000. @throws WireFault */
export async function filesUnder(path: string, depth = 0): Promise<string[]> {
  const found = await stat(path).catch((cause: unknown) => {
    const why = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new WireFault("protocol", `${path} cannot be read (${why})`);
  });
  if (found.isFile()) return [path];
  if (!found.isDirectory() || depth >= depthMax) return [];
  const files: string[] = [];
  const entries = await readdir(path, { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (skipped.has(entry.name) || entry.isSymbolicLink()) continue;
    if (entry.isFile()) files.push(join(path, entry.name));
    else if (entry.isDirectory())
      files.push(...(await filesUnder(join(path, entry.name), depth + 1)));
    if (files.length > filesMax) {
      throw new WireFault("protocol", `${path} holds more than ${filesMax} files`);
    }
  }
  return files;
}
