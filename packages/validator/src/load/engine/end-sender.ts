import type { Worker } from "node:worker_threads";
import type { Clock } from "@loadline/kit/clock";
import { endThread } from "@loadline/kit/threads";
import type { LaneCommand } from "./lane.ts";

/** A sender closes its connections and its pacer first; a module of the user's may hold it up. */
const endMs = 3000;

/** Resolves when the sender's thread is gone: at once when its work is done, else it is cancelled. */
export async function endSender(thread: Worker, clock: Clock): Promise<void> {
  const command: LaneCommand = { type: "stop", how: "cancel" };
  await endThread(thread, { clock, withinMs: endMs, ask: () => thread.postMessage(command) });
}
