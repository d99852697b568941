import { type ChildProcess, spawn } from "node:child_process";
import type { Writable } from "node:stream";
import { codeOf } from "../errors/index.ts";

export interface ProgramGroup extends Disposable {
  /** Sends a signal to every process of the group; to none where none is left. */
  signal(name: NodeJS.Signals): void;
}

/** Reads until the end of its input, which is that of whoever holds it, and kills the group then. */
const watch = 'trap "" INT TERM HUP; read -r _; kill -s KILL -- "-$0"';

/**
 * Holds the group of a program that was started `detached`: until the result is disposed, its
 * processes are killed when this one ends, however it ends. For that a shell waits beside it; on a
 * machine without one the program goes on.
 */
export function holdGroup({ pid }: Pick<ChildProcess, "pid">): ProgramGroup {
  // It did not start, which its own error says.
  if (pid === undefined) return { signal: () => undefined, [Symbol.dispose]: () => undefined };
  const watcher = spawn("/bin/sh", ["-c", watch, String(pid)], {
    // A group of its own: nothing that is sent to ours ends it.
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  watcher.on("error", () => undefined);
  // One for which no descriptor was left has no stream.
  const input = watcher.stdin as Writable | undefined;
  input?.on("error", () => undefined);
  watcher.unref();
  return {
    signal: (name) => signalGroup(pid, name),
    [Symbol.dispose]() {
      // First: at the end of its input it would kill.
      if (watcher.pid !== undefined) watcher.kill("SIGKILL");
      input?.destroy();
    },
  };
}

function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch (cause) {
    // Nobody is left, or all are another user's: a throw here would end the whole run.
    if (!["ESRCH", "EPERM"].includes(codeOf(cause))) throw cause;
  }
}
