import { constants } from "node:fs";
import { access, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Clock, Timer } from "@loadline/kit/clock";
import type { Random } from "@loadline/kit/random";
import { codeOf, withLast } from "@loadline/kit/errors";
import { syncFolder, writeSynced } from "@loadline/kit/whole-file";
import { Folders } from "./folders.ts";
import { ObjectFault, type ObjectStore } from "./object-store.ts";
import { Partials, type Swept } from "./partials.ts";

const sweepEveryMs = 3_600_000;
/** Names looked at before others have their turn: a ping is not kept from its answer. */
const sweptAtOnce = 32;
/** Of the four threads that file systems and name lookups share: a frozen folder holds no more. */
const atOnceMax = 2;

export interface FileStoreDeps {
  readonly random: Random;
  readonly clock: Clock;
  /** Told of each sweep that removed something or could not. */
  onSwept(swept: Swept): void;
  /** Told of what failed behind another error, which is the one that a call rejects with. */
  onSecond(cause: unknown): void;
}

/**
 * Objects as files below `root`, which is made when it is not there. An object is written in a
 * folder of its own, synced and moved to its place, so that nobody ever reads a half one. What
 * crashed processes left in that folder is removed at the start and every hour.
 */
export function createFileStore(root: string, deps: FileStoreDeps): ObjectStore {
  return new FileStore(resolve(root), deps);
}

class FileStore implements ObjectStore {
  readonly #root: string;
  readonly #deps: FileStoreDeps;
  readonly #turns = new Turns();
  readonly #folders: Folders;
  readonly #partials: Partials;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(root: string, deps: FileStoreDeps) {
    this.#root = root;
    this.#deps = deps;
    this.#folders = new Folders(root, deps.onSecond);
    this.#partials = new Partials(root, deps.random);
    void this.#sweep();
  }

  put(key: string, bytes: Buffer, signal: AbortSignal): Promise<void> {
    const { onSecond } = this.#deps;
    return this.#inTurn(signal, async (act) => {
      const path = this.#pathOf(key);
      await this.#folders.make(dirname(path));
      await this.#folders.make(this.#partials.folder);
      await this.#partials.hold(async (partial) => {
        let isMoved = false;
        const move = async (): Promise<void> => {
          await writeSynced(partial, bytes, { mode: 0o600, flag: "wx", onSecond });
          if (signal.aborted) throw givenUp("given up");
          act.hasBegun = true;
          await rename(partial, path);
          isMoved = true;
        };
        const clean = async (): Promise<void> => {
          if (!isMoved) await rm(partial, { force: true });
        };
        await withLast(move, clean, onSecond);
      });
      await this.#keep(path);
    });
  }

  get(key: string, signal: AbortSignal, bytesMax?: number): Promise<Buffer | undefined> {
    return this.#inTurn(signal, () => this.#read(this.#pathOf(key), bytesMax));
  }

  remove(key: string, signal: AbortSignal): Promise<void> {
    return this.#inTurn(signal, async (act) => {
      const path = this.#pathOf(key);
      act.hasBegun = true;
      await rm(path, { force: true });
      await ifThere(() => syncFolder(dirname(path), this.#deps.onSecond));
    });
  }

  list(prefix: string, max: number, signal: AbortSignal): Promise<string[]> {
    return this.#inTurn(signal, async () => {
      const at = prefix.lastIndexOf("/") + 1;
      const names = await ifThere(() => readdir(this.#pathOf(prefix.slice(0, at))));
      return (names ?? [])
        .filter((name) => name.startsWith(prefix.slice(at)) && !name.includes("."))
        .toSorted()
        .slice(0, max)
        .map((name) => prefix.slice(0, at) + name);
    });
  }

  ping(signal: AbortSignal): Promise<void> {
    return this.#inTurn(signal, async () => {
      await this.#folders.find();
      await access(this.#root, constants.R_OK | constants.W_OK);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #pathOf(key: string): string {
    return join(this.#root, ...key.split("/"));
  }

  #inTurn<T>(signal: AbortSignal, run: (act: Act) => Promise<T>): Promise<T> {
    return this.#turns.take(signal, () => asFault(run));
  }

  async #read(path: string, bytesMax: number | undefined): Promise<Buffer | undefined> {
    const file = await ifThere(() => open(path, "r"));
    if (file === undefined) return undefined;
    const read = async (): Promise<Buffer> => {
      if (bytesMax === undefined) return file.readFile();
      const { bytesRead, buffer } = await file.read(Buffer.alloc(bytesMax), 0, bytesMax, 0);
      return buffer.subarray(0, bytesRead);
    };
    return withLast(read, () => file.close(), this.#deps.onSecond);
  }

  /** What was moved to its place is there, whatever becomes of the folder: its end is in doubt. */
  async #keep(path: string): Promise<void> {
    try {
      await syncFolder(dirname(path), this.#deps.onSecond);
    } catch (cause) {
      throw new ObjectFault("unreachable", codeOf(cause, "unknown"), { cause });
    }
  }

  /** Never rejects; arranges for the next one. */
  async #sweep(): Promise<void> {
    const { clock, onSwept } = this.#deps;
    const swept = await this.#sweepAll();
    if (swept.removed > 0 || swept.cause !== undefined) onSwept(swept);
    if (this.#isClosed) return;
    this.#timer = clock.after(sweepEveryMs, () => void this.#sweep(), { unref: true });
  }

  /** Waits for a turn like every call, and for another one after each few names. */
  async #sweepAll(): Promise<Swept> {
    let all: Swept = { removed: 0, failed: 0 };
    try {
      const names = await this.#turns.take(undefined, () => this.#partials.names());
      for (let at = 0; at < names.length && !this.#isClosed; at += sweptAtOnce) {
        const some = names.slice(at, at + sweptAtOnce);
        const wallMs = this.#deps.clock.wallMs();
        const one = await this.#turns.take(undefined, () => this.#partials.sweep(some, wallMs));
        const cause: unknown = all.cause ?? one.cause;
        const counts = { removed: all.removed + one.removed, failed: all.failed + one.failed };
        all = { ...counts, ...(cause !== undefined && { cause }) };
      }
      return all;
    } catch (cause) {
      return { ...all, cause };
    }
  }
}

/** Lets a few run at once and the rest wait in their order; who is no longer wanted never begins. */
class Turns {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  async take<T>(signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
    if (this.#running < atOnceMax) this.#running++;
    else await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    try {
      if (signal?.aborted) throw givenUp("given up before its turn");
      return await run();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
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

/** One call on its way; what fails before it `hasBegun` to change an object changed none. */
interface Act {
  hasBegun: boolean;
}

const givenUp = (detail: string): ObjectFault =>
  new ObjectFault("unreachable", detail, { isDoubtful: false });

async function asFault<T>(run: (act: Act) => Promise<T>): Promise<T> {
  const act = { hasBegun: false };
  try {
    return await run(act);
  } catch (cause) {
    if (cause instanceof ObjectFault) throw cause;
    // The system's word, such as ENOSPC: it holds no path.
    const code = codeOf(cause, "unknown");
    const isFull = code === "ENOSPC" || code === "EDQUOT";
    const isDoubtful = act.hasBegun;
    throw new ObjectFault(isFull ? "full" : "unreachable", code, { cause, isDoubtful });
  }
}
