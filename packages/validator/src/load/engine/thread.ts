import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import type { LoadPlan } from "../types.ts";
import { runEngine } from "./engine.ts";

/** What the engine's thread is given. */
export interface ThreadInput {
  readonly kind: "loadline-load";
  readonly plan: LoadPlan;
  readonly pacing: "pacer" | "timer";
}

/** What went wrong in the thread, in a form that survives the crossing. */
export interface ThreadFault {
  readonly type: "fault";
  readonly code: string | null;
  readonly message: string;
}

function isInput(value: unknown): value is ThreadInput {
  return typeof value === "object" && value !== null && "kind" in value;
}

async function serve(port: NonNullable<typeof parentPort>, input: ThreadInput): Promise<void> {
  const stop = new AbortController();
  port.on("message", () => stop.abort());
  try {
    await runEngine(input.plan, {
      clock: systemClock(),
      signal: stop.signal,
      pacing: input.pacing,
      emit: (record) => port.postMessage(record),
    });
  } catch (error) {
    const code = error instanceof LoadlineError ? error.code : null;
    const message = error instanceof Error ? error.message : String(error);
    port.postMessage({ type: "fault", code, message } satisfies ThreadFault);
  }
  port.close();
}

if (parentPort !== null && isInput(workerData)) await serve(parentPort, workerData);
