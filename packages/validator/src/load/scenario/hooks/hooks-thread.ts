import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "@loadline/kit/clock";
import { isRecord } from "@loadline/kit/json";
import { toFault } from "../../engine/fault.ts";
import type { LoadPlan } from "../../types.ts";
import { createHooks, type Hooks } from "./hooks.ts";

/** What the thread is given. */
export interface HooksInput {
  readonly kind: "loadline-hooks";
  readonly plan: LoadPlan;
}

/** One thing it is told to do. */
export interface HookOrder {
  readonly id: number;
  readonly what: "setup" | "probe" | "teardown";
  readonly setup: unknown;
}

/** `end`: it listens no more, and ends when nothing keeps it alive. */
export type HookCommand = HookOrder | { readonly what: "end" };

/** What became of it. */
export type HookAnswer =
  | { readonly type: "done"; readonly id: number; readonly value: unknown }
  | {
      readonly type: "failed";
      readonly id: number;
      readonly code: string | null;
      readonly message: string;
    }
  | { readonly type: "event"; readonly text: string };

function isInput(value: unknown): value is HooksInput {
  return isRecord(value) && value["kind"] === "loadline-hooks";
}

async function obey(hooks: Hooks, { id, what, setup }: HookOrder): Promise<HookAnswer> {
  try {
    const value = what === "setup" ? await hooks.setup() : await hooks[what](setup);
    return { type: "done", id, value };
  } catch (error) {
    const { code, message } = toFault(error);
    return { type: "failed", id, code, message };
  }
}

if (parentPort !== null && isInput(workerData)) {
  const port = parentPort;
  const tell = (answer: HookAnswer): void => port.postMessage(answer);
  const hooks = createHooks(workerData.plan, systemClock(), (text) =>
    tell({ type: "event", text }),
  );
  port.on("message", (command: HookCommand) => {
    if (command.what === "end") port.close();
    else void obey(hooks, command).then(tell);
  });
}
