import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "@loadline/kit/clock";
import type { LoadPlan } from "../types.ts";
import { runControl } from "./control.ts";
import { toFault } from "./fault.ts";
import { type ControlCommand, LoadControl } from "./load-control.ts";

/** What the control thread is given. */
export interface ThreadInput {
  readonly kind: "loadline-load";
  readonly plan: LoadPlan;
  readonly pacing: "pacer" | "timer" | "precise";
}

/** What it is told: `cancel` ends the run at once. */
export type ThreadCommand = ControlCommand | { readonly type: "cancel" };

function isInput(value: unknown): value is ThreadInput {
  return typeof value === "object" && value !== null && "kind" in value;
}

async function serve(port: NonNullable<typeof parentPort>, input: ThreadInput): Promise<void> {
  const stop = new AbortController();
  const control = new LoadControl();
  port.on("message", (command: ThreadCommand) => {
    if (command.type === "cancel") stop.abort();
    else control.send(command);
  });
  try {
    await runControl(input.plan, {
      clock: systemClock(),
      signal: stop.signal,
      control,
      pacing: input.pacing,
      senders: "threads",
      emit: (record) => port.postMessage(record),
    });
  } catch (error) {
    port.postMessage(toFault(error));
  }
  port.close();
}

if (parentPort !== null && isInput(workerData)) await serve(parentPort, workerData);
