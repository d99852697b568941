import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Writes `<path>.new`, syncs it, moves it to `path` and syncs the folder: a reader sees the file
 * before or after, and so does one after a crash. One writer per path. What failed leaves no draft.
 */
export function replaceFileSync(path: string, content: string | Uint8Array, mode: number): void {
  const draft = `${path}.new`;
  try {
    writeFileSync(draft, content, { mode, flush: true });
    renameSync(draft, path);
  } catch (cause) {
    rmSync(draft, { force: true });
    throw cause;
  }
  syncFolderSync(dirname(path));
}

function syncFolderSync(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
