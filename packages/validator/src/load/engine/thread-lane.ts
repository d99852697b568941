import { Worker } from "node:worker_threads";
import type { Clock } from "@loadline/kit/clock";
import { endSender } from "./end-sender.ts";
import type { Lane, LaneEvents, LaneInput, LaneMessage } from "./lane.ts";
import { LaneState } from "./lane-state.ts";
import type { SenderThreadInput } from "./sender-thread.ts";

/** A sender in a thread of its own. */
export function createThreadLane(input: LaneInput, clock: Clock, events: LaneEvents): Lane {
  const state = new LaneState(input.plan, input.worker, events);
  const workerData: SenderThreadInput = { kind: "loadline-sender", ...input };
  const worker = new Worker(new URL("./sender-thread.ts", import.meta.url), { workerData });
  worker.on("message", (message: LaneMessage) => state.hear(message));
  worker.on("error", (error) => state.gone(error instanceof Error ? error.message : String(error)));
  worker.on("exit", (code) => state.gone(`it exited with code ${code}`));
  return {
    worker: input.worker,
    get recorder() {
      return state.recorder;
    },
    ready: state.ready,
    ended: state.ended,
    command: (command) => worker.postMessage(command),
    close: () => endSender(worker, clock),
  };
}
