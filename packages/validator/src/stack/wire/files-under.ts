import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "@loadline/kit/errors";
import { WireFault } from "./fault.ts";

const filesMax = 2_000;
const depthMax = 8;
const skipped = new Set([".git", "node_modules"]);

interface Walk {
  readonly top: string;
  readonly files: string[];
  /** What was met, by its real path: links that lead round are met once. */
  readonly met: Set<string>;
}

/** Waits for what the file system says. @throws WireFault with its code. */
async function told<T>(path: string, said: Promise<T>): Promise<T> {
  return await said.catch((cause: unknown) => {
    const why = codeOf(cause);
    throw new WireFault("protocol", `${path} cannot be read (${why})`);
  });
}

async function walked(path: string, depth: number, walk: Walk): Promise<void> {
  const real = await told(path, realpath(path));
  if (walk.met.has(real)) return;
  walk.met.add(real);
  const found = await told(path, stat(real));
  if (found.isFile()) {
    walk.files.push(path);
    if (walk.files.length <= filesMax) return;
    throw new WireFault("protocol", `${walk.top} holds more than ${filesMax} files`);
  }
  if (!found.isDirectory()) return;
  if (depth > depthMax) {
    throw new WireFault("protocol", `${walk.top} is deeper than ${depthMax} folders`);
  }
  const entries = await told(path, readdir(real, { withFileTypes: true }));
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (skipped.has(entry.name)) continue;
    const inner = join(path, entry.name);
    // A link that leads nowhere holds nothing.
    if (entry.isSymbolicLink() && !(await leads(inner))) continue;
    await walked(inner, depth + 1, walk);
  }
}

const leads = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    // Every other fault is told by the walk that follows.
    (cause: unknown) => codeOf(cause) !== "ENOENT",
  );

/**
 * Files of a path: itself, or everything below it, links followed and each file once; at most 2,000.
 * @throws WireFault for what cannot be read, for more files, and for folders deeper than 8.
 */
export async function filesUnder(path: string): Promise<string[]> {
  const walk: Walk = { top: path, files: [], met: new Set() };
  await walked(path, 0, walk);
  return walk.files;
}
