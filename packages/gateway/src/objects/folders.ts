import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder } from "@loadline/kit/whole-file";

/** Folders remembered as kept; beyond that all are synced anew. */
const keptMax = 10_000;

/** Folders that outlive a crash: each one's entry in its parent is synced once by this process. */
export class Folders {
  readonly #kept = new Set<string>();
  readonly #root: string;
  /** The highest folder that was made here, at or above the root, until it is synced. */
  #unsynced: string | undefined;
  readonly #onSecond: (cause: unknown) => void;

  /** `root` is absolute; parents above it are synced only when they were made here. */
  constructor(root: string, onSecond: (cause: unknown) => void) {
    this.#root = root;
    this.#onSecond = onSecond;
  }

  /** Makes the root where it is missing; a later `make` syncs it, a question waits for no disk. */
  async find(): Promise<void> {
    this.#noteMade(await mkdir(this.#root, { recursive: true, mode: 0o700 }));
  }

  /** Resolves when the folder is there for good; another process may have made it and crashed. */
  async make(path: string): Promise<void> {
    const first = await mkdir(path, { recursive: true, mode: 0o700 });
    this.#noteMade(first);
    const above = this.#unsynced;
    if (first === undefined && above === undefined && this.#kept.has(path)) return;
    const last = above ?? this.#root;
    const isRootNew = above !== undefined;
    for (let at = path; at !== dirname(at); at = dirname(at)) {
      if (at !== this.#root || isRootNew) await syncFolder(dirname(at), this.#onSecond);
      if (at === last) break;
    }
    if (this.#unsynced === above) this.#unsynced = undefined;
    if (this.#kept.size >= keptMax) this.#kept.clear();
    this.#kept.add(path);
  }

  #noteMade(first: string | undefined): void {
    if (first !== undefined && first.length <= this.#root.length) this.#unsynced = first;
  }
}
