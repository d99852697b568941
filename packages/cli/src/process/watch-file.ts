import { type FSWatcher, readFileSync, watch } from "node:fs";
import { dirname } from "node:path";
import type { Clock, Timer } from "@loadline/kit/clock";

export interface FileWatch extends Disposable {
  /** Looks now, as if something had happened beside the file. */
  look(): void;
}

/** Editors and mounted volumes write in several steps; this long must pass without another. */
const quietMs = 200;

/**
 * Calls `onChange` when the content of a file is another than before and stays so for 200 ms. It
 * watches the folder, so a file that is replaced, also behind a link, is seen; a file that is gone
 * for a moment is waited for. `onFailure` hears once that the folder cannot be watched.
 */
export function watchFile(
  path: string,
  o: { readonly clock: Clock; onChange(): void; onFailure(cause: unknown): void },
): FileWatch {
  let before = contentOf(path);
  let timer: Timer | undefined;
  const compare = (): void => {
    timer = undefined;
    const now = contentOf(path);
    if (now === undefined || now === before) return;
    before = now;
    o.onChange();
  };
  const look = (): void => {
    timer?.cancel();
    timer = o.clock.after(quietMs, compare, { unref: true });
  };
  const watcher = openWatcher(path, look, o.onFailure);
  return {
    look,
    [Symbol.dispose]() {
      timer?.cancel();
      watcher?.close();
    },
  };
}

/** Undefined when the system refuses, such as for want of inotify watches. */
function openWatcher(
  path: string,
  onEvent: () => void,
  onFailure: (cause: unknown) => void,
): FSWatcher | undefined {
  try {
    const watcher = watch(dirname(path), { persistent: false }, onEvent);
    watcher.once("error", (cause) => {
      watcher.close();
      onFailure(cause);
    });
    return watcher;
  } catch (cause) {
    onFailure(cause);
    return undefined;
  }
}

/** Undefined while it cannot be read, which happens between two steps of a writer. */
function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause) return undefined;
    throw cause;
  }
}
