import { constants } from "node:fs";
import { access, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Random } from "@loadline/kit/random";
import { ObjectFault, type ObjectStore } from "./object-store.ts";

const partialSuffix = ".partial";
const nameBytes = 8;
/** Of the four threads that file systems and name lookups share: a frozen folder holds no more. */
const atOnceMax = 2;

/**
 * Objects as files below `root`, which is made when it is not there. An object is written beside
 * its place, synced and moved there, so that nobody ever reads a half one.
 */
export function createFileStore(root: string, random: Random): ObjectStore {
  const pathOf = (key: string): string => join(root, ...key.split("/"));
  const turns = new Turns();
  const inTurn = <T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> =>
    turns.take(signal, () => asFault(run));
  return {
    put: (key, bytes, signal) =>
      inTurn(signal, async () => {
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
    get: (key, signal, bytesMax) => inTurn(signal, () => readSome(pathOf(key), bytesMax)),
    remove: (key, signal) =>
      inTurn(signal, async () => {
        await rm(pathOf(key), { force: true });
        await ifThere(() => syncDirectory(dirname(pathOf(key))));
      }),
    list: (prefix, max, signal) =>
      inTurn(signal, async () => {
        const at = prefix.lastIndexOf("/") + 1;
        const names = await ifThere(() => readdir(pathOf(prefix.slice(0, at))));
        return (names ?? [])
          .filter((name) => name.startsWith(prefix.slice(at)) && !name.endsWith(partialSuffix))
          .toSorted()
          .slice(0, max)
          .map((name) => prefix.slice(0, at) + name);
      }),
    ping: (signal) =>
      inTurn(signal, async () => {
        await mkdir(root, { recursive: true, mode: 0o700 });
        await access(root, constants.R_OK | constants.W_OK);
      }),
    close: () => undefined,
  };
}

/** Lets a few run at once and the rest wait in their order; who is no longer wanted never begins. */
class Turns {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  async take<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
    if (this.#running < atOnceMax) this.#running++;
    else await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    try {
      if (signal.aborted) throw new ObjectFault("unreachable", "given up before its turn");
      return await run();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
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
