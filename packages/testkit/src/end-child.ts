import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** SIGKILL, and waits for its end; nothing for one that has ended. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
