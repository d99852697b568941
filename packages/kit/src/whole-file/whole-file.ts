import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { withLast } from "../errors/index.ts";

export interface ReplaceOptions {
  readonly mode: number;
  /** Told of what failed behind another error, which is the one that a call ends with. */
  onSecond(cause: unknown): void;
}

interface WriteSyncedOptions extends ReplaceOptions {
  /** `wx` where a file of this name must not be there. */
  readonly flag: "w" | "wx";
}

/** Resolves when what a file holds outlives a crash; its name does when its folder is synced too. */
export async function writeSynced(
  path: string,
  content: string | Uint8Array,
  { flag, mode, onSecond }: WriteSyncedOptions,
): Promise<void> {
  const file = await open(path, flag, mode);
  const write = async (): Promise<void> => {
    await file.writeFile(content);
    await file.sync();
  };
  await withLast(write, () => file.close(), onSecond);
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

/** As `replaceFileSync`, for a process that serves meanwhile. */
export async function replaceFile(
  path: string,
  content: string | Uint8Array,
  o: ReplaceOptions,
): Promise<void> {
  const draft = `${path}.new`;
  let isMoved = false;
  const move = async (): Promise<void> => {
    await writeSynced(draft, content, { ...o, flag: "w" });
    await rename(draft, path);
    isMoved = true;
  };
  const clean = async (): Promise<void> => {
    if (!isMoved) await rm(draft, { force: true });
  };
  await withLast(move, clean, o.onSecond);
  await syncFolder(dirname(path), o.onSecond);
}
