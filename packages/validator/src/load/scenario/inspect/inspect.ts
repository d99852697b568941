import { Worker } from "node:worker_threads";
import type { Clock } from "@loadline/kit/clock";
import { endThread } from "@loadline/kit/threads";
import { importRefused } from "../import-module.ts";
import type { Inspected, InspectInput } from "./inspect-thread.ts";

/** An import may take this long: it is to define, not to act. */
const importMsMax = 20_000;
/** What it opened keeps its thread alive, and ends with it. */
const endMs = 1000;

/**
 * Imports a module in a thread of its own and says what it is. Rejects with LL_LOAD_SCENARIO_IMPORT
 * when the import throws, opens a handle or does not end within 20 s.
 */
export async function inspectModule(
  folder: string,
  file: string,
  clock: Clock,
): Promise<Inspected> {
  const workerData: InspectInput = { kind: "loadline-inspect", folder, file };
  const { promise, resolve, reject } = Promise.withResolvers<Inspected>();
  // What it prints is no part of a command's own output.
  const worker = new Worker(new URL("./inspect-thread.ts", import.meta.url), {
    workerData,
    stdout: true,
  });
  worker.on("message", (message: Inspected) => resolve(message));
  worker.on("error", (cause) => reject(importRefused(file, "throws when it is imported", cause)));
  worker.on("exit", () => reject(importRefused(file, "ends the thread that imports it")));
  const late = clock.after(importMsMax, () =>
    reject(importRefused(file, `is not imported within ${importMsMax / 1000} s`)),
  );
  try {
    const seen = await promise;
    if (seen.fault !== null) throw importRefused(file, seen.fault.replace(/^.*?: |\.$/g, ""));
    if (seen.handles.length > 0) {
      throw importRefused(file, `opens ${seen.handles.join(", ")} when it is imported`);
    }
    return seen;
  } finally {
    late.cancel();
    await endThread(worker, { clock, withinMs: endMs });
  }
}
