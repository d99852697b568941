import { constants } from "node:fs";
import { access, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Random } from "@loadline/kit/random";
import { ObjectFault, type ObjectStore } from "./object-store.ts";

const partialSuffix = ".partial";
const nameBytes = 8;

/**
 * Objects as files below `root`, which is made when it is not there. An object is written beside
 * its place, synced and moved there, so that nobody ever reads a half one.
 */
export function createFileStore(root: string, random: Random): ObjectStore {
  const pathOf = (key: string): string => join(root, ...key.split("/"));
  return {
    put: (key, bytes) =>
      asFault(async () => {
        const path = pathOf(key);
        const name = Buffer.from(random.bytes(nameBytes)).toString("hex");
        const partial = join(dirname(path), `${name}${partialSuffix}`);
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        try {
          await writeSynced(partial, bytes);
          await rename(partial, path);
        } catch (cause) {
          await rm(partial, { force: true });
          throw cause;
        }
        await syncDirectory(dirname(path));
      }),
    get: (key, _signal, bytesMax) => asFault(() => readSome(pathOf(key), bytesMax)),
    remove: (key) =>
      asFault(async () => {
        await rm(pathOf(key), { force: true });
        await ifThere(() => syncDirectory(dirname(pathOf(key))));
      }),
    list: (prefix, max) =>
      asFault(async () => {
        const at = prefix.lastIndexOf("/") + 1;
        const names = await ifThere(() => readdir(pathOf(prefix.slice(0, at))));
        return (names ?? [])
          .filter((name) => name.startsWith(prefix.slice(at)) && !name.endsWith(partialSuffix))
          .toSorted()
          .slice(0, max)
          .map((name) => prefix.slice(0, at) + name);
      }),
    ping: () =>
      asFault(async () => {
        await mkdir(root, { recursive: true, mode: 0o700 });
        await access(root, constants.R_OK | constants.W_OK);
      }),
    close: () => undefined,
  };
}

async function writeSynced(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function readSome(path: string, bytesMax: number | undefined): Promise<Buffer | undefined> {
  const file = await ifThere(() => open(path, "r"));
  if (file === undefined) return undefined;
  try {
    if (bytesMax === undefined) return await file.readFile();
    const { bytesRead, buffer } = await file.read(Buffer.alloc(bytesMax), 0, bytesMax, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Undefined for what is not there. */
async function ifThere<T>(run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run();
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return undefined;
    throw cause;
  }
}

async function asFault<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    const code = codeOf(cause);
    const isFull = code === "ENOSPC" || code === "EDQUOT";
    throw new ObjectFault(isFull ? "full" : "unreachable", code, { cause });
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
}
