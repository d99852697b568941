import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "@loadline/kit/clock";
import { toFault } from "./fault.ts";
import type { LaneCommand, LaneInput } from "./lane.ts";
import { SenderHost } from "./sender-host.ts";

/** What a sender's thread is given. */
export interface SenderThreadInput extends LaneInput {
  readonly kind: "loadline-sender";
}

function isInput(value: unknown): value is SenderThreadInput {
  return typeof value === "object" && value !== null && "kind" in value;
}

async function serve(
  port: NonNullable<typeof parentPort>,
  input: SenderThreadInput,
): Promise<void> {
  try {
    const host = new SenderHost(input, systemClock(), (message) => port.postMessage(message));
    port.on("message", (command: LaneCommand) => host.command(command));
    await host.run();
  } catch (error) {
    port.postMessage(toFault(error));
  }
  port.close();
}

if (parentPort !== null && isInput(workerData)) await serve(parentPort, workerData);
