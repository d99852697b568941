import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder below the system's temporary one, which goes with its block or with its process. */
export interface ScratchFolder extends Disposable {
  readonly path: string;
}

const open = new Set<string>();

function removeAll(): void {
  for (const path of open) rmSync(path, { recursive: true, force: true });
}

/**
 * Makes a new folder whose name begins with `prefix`. It is removed when it is disposed of, and
 * where nothing gets to that, when the process ends by itself: SIGKILL leaves it, and so does any
 * other signal that the process does not handle.
 *
 * ```ts
 * using scratch = makeScratchFolder("loadline-drive-");
 * ```
 */
export function makeScratchFolder(prefix: string): ScratchFolder {
  const path = mkdtempSync(join(tmpdir(), prefix));
  if (open.size === 0) process.on("exit", removeAll);
  open.add(path);
  return {
    path,
    [Symbol.dispose]() {
      rmSync(path, { recursive: true, force: true });
      if (open.delete(path) && open.size === 0) process.off("exit", removeAll);
    },
  };
}
