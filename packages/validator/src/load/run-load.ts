import { Worker } from "node:worker_threads";
import { systemRandom } from "@loadline/kit/random";
import { endThread } from "@loadline/kit/threads";
import { runControl } from "./engine/control.ts";
import { type Fault, rebuildFault } from "./engine/fault.ts";
import { LoadControl } from "./engine/load-control.ts";
import type { ThreadCommand, ThreadInput } from "./engine/thread.ts";
import { loadErrors } from "./errors.ts";
import { checkLoadPlan } from "./plan/check.ts";
import { durationOf, gracefulStopMsDefault } from "./plan/duration.ts";
import { withHooks } from "./scenario/hooks/with-hooks.ts";
import type { LoadDeps, LoadPlan, LoadRecord } from "./types.ts";

const watchdogSlackMs = 30_000;
/** The control thread ends its senders first. */
const endMs = 6000;

/**
 * Sends a plan's traffic and yields what is seen, ending with `load.ended`. Throws before anything
 * is sent for a plan that is not valid (LL_LOAD_PLAN_INVALID, LL_LOAD_HOST_REFUSED,
 * LL_LOAD_ABOVE_CAP), later LL_LOAD_WORKER_DIED, LL_LOAD_WATCHDOG or LL_LOAD_ACCOUNTING. After an
 * abort it still yields what was counted, without `sample.closed`. Leaving the loop early stops it.
 * The plan's hooks run around it; `load.missing` and nothing else when a probed step has no route.
 */
export async function* runLoad(plan: LoadPlan, deps: LoadDeps): AsyncGenerator<LoadRecord> {
  checkLoadPlan(plan);
  const random = deps.random ?? systemRandom();
  const runId = plan.runId ?? Buffer.from(random.bytes(16)).toString("hex");
  yield* withHooks({ ...plan, runId }, deps, runPlan);
}

async function* runPlan(plan: LoadPlan, deps: LoadDeps): AsyncGenerator<LoadRecord> {
  const left = new AbortController();
  const signal = deps.signal ? AbortSignal.any([deps.signal, left.signal]) : left.signal;
  const queue = new RecordQueue();
  const emit = (record: LoadRecord): void => queue.push(record);
  const control = deps.control ?? new LoadControl();
  const { clock, pacing = "pacer", pacer } = deps;
  const running =
    deps.engine === "inline"
      ? runControl(plan, { clock, signal, control, pacing, pacer, senders: "inline", emit })
      : runInThread(plan, { ...deps, signal, control, emit });
  const ended = running.then(
    () => queue.end(null),
    (error: unknown) => queue.end(error),
  );
  try {
    yield* queue.drain();
  } finally {
    left.abort();
    await ended;
  }
}

/** Records between the engine and a reader that may be slower. */
class RecordQueue {
  #records: LoadRecord[] = [];
  #wake: (() => void) | null = null;
  #ended = false;
  #error: Error | null = null;

  push(record: LoadRecord): void {
    this.#records.push(record);
    this.#wake?.();
  }

  end(error: unknown): void {
    this.#ended = true;
    if (error !== null) {
      this.#error =
        error instanceof Error ? error : new Error("the load engine failed", { cause: error });
    }
    this.#wake?.();
  }

  async *drain(): AsyncGenerator<LoadRecord> {
    for (;;) {
      const batch = this.#records;
      this.#records = [];
      yield* batch;
      if (this.#records.length > 0) continue;
      if (this.#ended) break;
      await new Promise<void>((resolve) => void (this.#wake = resolve));
      this.#wake = null;
    }
    if (this.#error !== null) throw this.#error;
  }
}

interface ThreadDeps extends LoadDeps {
  readonly signal: AbortSignal;
  readonly control: LoadControl;
  readonly emit: (record: LoadRecord) => void;
}

async function runInThread(plan: LoadPlan, deps: ThreadDeps): Promise<void> {
  const { signal, emit } = deps;
  const workerData: ThreadInput = { kind: "loadline-load", plan, pacing: deps.pacing ?? "pacer" };
  const worker = new Worker(new URL("./engine/thread.ts", import.meta.url), { workerData });
  const tell = (command: ThreadCommand): void => worker.postMessage(command);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let ended = false;
  worker.on("message", (message: LoadRecord | Fault) => {
    if (message.type === "fault") {
      reject(rebuildFault(message.code, message.message));
      return;
    }
    if (message.type === "load.ended") ended = true;
    emit(message);
  });
  worker.on("error", (cause) =>
    reject(loadErrors.make("LL_LOAD_WORKER_DIED", undefined, { cause })),
  );
  worker.on("exit", () => (ended ? resolve() : reject(loadErrors.make("LL_LOAD_WORKER_DIED"))));
  const onAbort = (): void => tell({ type: "cancel" });
  deps.control.listen(tell);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  const watchdog = deps.clock.after(plannedMs(plan) + watchdogSlackMs, () => {
    reject(loadErrors.make("LL_LOAD_WATCHDOG"));
  });
  try {
    await promise;
  } finally {
    watchdog.cancel();
    signal.removeEventListener("abort", onAbort);
    // After a watchdog or a fault nothing more belongs to the run.
    worker.removeAllListeners("message");
    await endThread(worker, { clock: deps.clock, withinMs: endMs, ask: onAbort });
  }
}

function plannedMs(plan: LoadPlan): number {
  const ends = Object.values(plan.scenarios).map((s) => {
    const { gracefulStopMs = gracefulStopMsDefault } = s;
    // Sessions under way have it twice: to be asked their turns, and to be answered.
    const drains = s.executor === "sessions" ? 2 : 1;
    return (s.startMs ?? 0) + durationOf(s) + drains * gracefulStopMs;
  });
  return Math.max(...ends);
}
