import { readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { parentsIn } from "./proc.ts";

/** Numbers of the sockets a process holds; none where nobody may list them. */
async function socketsOf(root: string, pid: number): Promise<readonly string[]> {
  const folder = join(root, String(pid), "fd");
  const files = await readdir(folder).catch(() => []);
  const links = files.map((file) => readlink(join(folder, file)).catch(() => ""));
  return (await Promise.all(links)).flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}

/**
 * Whose a socket is, by its number: that of the process which holds it, or of the nearest one it
 * descends from, among `owners`. What nobody of them holds is not there.
 */
export async function socketOwners<T>(
  root: string,
  owners: ReadonlyMap<number, T>,
): Promise<ReadonlyMap<string, T>> {
  const parents = await parentsIn(root);
  const found = new Map<string, T>();
  for (const pid of parents.keys()) {
    const met = new Set<number>();
    let at = pid;
    while (!owners.has(at) && parents.has(at) && !met.has(at)) {
      met.add(at);
      at = parents.get(at) ?? 0;
    }
    const owner = owners.get(at);
    if (owner === undefined) continue;
    for (const socket of await socketsOf(root, pid)) found.set(socket, owner);
  }
  return found;
}
