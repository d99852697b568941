import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";

/** Processes that are looked through. */
const processesMax = 20_000;

/** Numbers of the sockets a process holds; none where nobody may list them. */
async function socketsOf(root: string, pid: number): Promise<readonly string[]> {
  const folder = join(root, String(pid), "fd");
  const files = await readdir(folder).catch(() => []);
  const links = files.map((file) => readlink(join(folder, file)).catch(() => ""));
  return (await Promise.all(links)).flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}

/** The parent of each process of a procfs. */
async function parentsIn(root: string): Promise<ReadonlyMap<number, number>> {
  const names = (await readdir(root)).filter((name) => /^\d+$/.test(name)).slice(0, processesMax);
  const parents = new Map<number, number>();
  for (const name of names) {
    const status = await readFile(join(root, name, "status"), "utf8").catch(() => "");
    parents.set(Number(name), Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0));
  }
  return parents;
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
