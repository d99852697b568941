import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { withLastSync } from "../errors/index.ts";
import type { ReplaceOptions } from "./whole-file.ts";

/**
 * Writes `<path>.new`, syncs it, moves it to `path` and syncs the folder: a reader sees the file
 * before or after, and so does one after a crash. One writer per path. What failed leaves no draft.
 */
export function replaceFileSync(
  path: string,
  content: string | Uint8Array,
  { mode, onSecond }: ReplaceOptions,
): void {
  const draft = `${path}.new`;
  let isMoved = false;
  const move = (): void => {
    writeFileSync(draft, content, { mode, flush: true });
    renameSync(draft, path);
    isMoved = true;
  };
  const clean = (): void => {
    if (!isMoved) rmSync(draft, { force: true });
  };
  withLastSync(move, clean, onSecond);
  syncFolderSync(dirname(path), onSecond);
}

function syncFolderSync(path: string, onSecond: ReplaceOptions["onSecond"]): void {
  const folder = openSync(path, "r");
  withLastSync(
    () => fsyncSync(folder),
    () => closeSync(folder),
    onSecond,
  );
}
