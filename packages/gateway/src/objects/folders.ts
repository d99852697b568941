import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { withLast } from "./first-error.ts";

/** Folders remembered as kept; beyond that all are synced anew. */
const keptMax = 10_000;

/** Folders that outlive a crash: each one's entry in its parent is synced once by this process. */
export class Folders {
  readonly #kept = new Set<string>();
  readonly #root: string;
  readonly #onSecond: (cause: unknown) => void;

  /** `root` is absolute; parents above it are synced only when they were made here. */
  constructor(root: string, onSecond: (cause: unknown) => void) {
    this.#root = root;
    this.#onSecond = onSecond;
  }

  /** Resolves when the folder is there for good; another process may have made it and crashed. */
  async make(path: string): Promise<void> {
    const first = await mkdir(path, { recursive: true, mode: 0o700 });
    if (first === undefined && this.#kept.has(path)) return;
    const last = first !== undefined && first.length < this.#root.length ? first : this.#root;
    const isRootNew = first !== undefined && first.length <= this.#root.length;
    for (let at = path; at !== dirname(at); at = dirname(at)) {
      if (at !== this.#root || isRootNew) await syncFolder(dirname(at), this.#onSecond);
      if (at === last) break;
    }
    if (this.#kept.size >= keptMax) this.#kept.clear();
    this.#kept.add(path);
  }
}

/** Resolves when the entries of a folder outlive a crash. */
export async function syncFolder(path: string, onSecond: (cause: unknown) => void): Promise<void> {
  const folder = await open(path, "r");
  await withLast(
    () => folder.sync(),
    () => folder.close(),
    onSecond,
  );
}
