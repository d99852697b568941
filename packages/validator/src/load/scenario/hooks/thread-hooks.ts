import { Worker } from "node:worker_threads";
import type { Clock } from "@loadline/kit/clock";
import { endThread } from "@loadline/kit/threads";
import { rebuildFault } from "../../engine/fault.ts";
import { loadErrors } from "../../errors.ts";
import type { LoadPlan, MissingStep } from "../../types.ts";
import type { Hooks } from "./hooks.ts";
import type { HookAnswer, HookCommand, HookOrder, HooksInput } from "./hooks-thread.ts";

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A module may keep its thread alive: what it holds open ends then. */
const endMs = 1000;

/** Hooks in a thread of their own: what a module keeps open there ends with the run. */
export function createThreadHooks(
  plan: LoadPlan,
  clock: Clock,
  event: (text: string) => void,
): Hooks {
  const workerData: HooksInput = { kind: "loadline-hooks", plan };
  const worker = new Worker(new URL("./hooks-thread.ts", import.meta.url), { workerData });
  const waiting = new Map<number, Waiting>();
  let orders = 0;
  const tell = (command: HookCommand): void => worker.postMessage(command);
  const failAll = (error: Error): void => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on("message", (answer: HookAnswer) => {
    if (answer.type === "event") {
      event(answer.text);
      return;
    }
    const one = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.type === "done") one?.resolve(answer.value);
    else one?.reject(rebuildFault(answer.code, answer.message));
  });
  worker.on("error", (cause) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    failAll(loadErrors.make("LL_LOAD_HOOK", `the thread of the hooks failed: ${why}.`, { cause }));
  });
  worker.on("exit", () => failAll(loadErrors.make("LL_LOAD_HOOK", "a hook ended its thread.")));
  const order = async (what: HookOrder["what"], setup: unknown): Promise<unknown> => {
    const id = orders++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    waiting.set(id, { resolve, reject });
    tell({ id, what, setup });
    return await promise;
  };
  return {
    setup: async () => await order("setup", undefined),
    // The thread answers with what `Hooks` returns there.
    probe: async (setup) => (await order("probe", setup)) as readonly MissingStep[],
    teardown: async (setup) => void (await order("teardown", setup)),
    close: async () => {
      await endThread(worker, { clock, withinMs: endMs, ask: () => tell({ what: "end" }) });
    },
  };
}
