import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { LoadPlan } from "../types.ts";
import type { Lane, LaneEvents, LaneInput } from "./lane.ts";
import { LaneState } from "./lane-state.ts";
import { applyChanges } from "./mirror.ts";
import type { ProcessCommand, ProcessMessage } from "./process-protocol.ts";
import { unshare } from "./unshare.ts";

export interface ProcessTerms {
  readonly plan: LoadPlan;
  readonly pacing: LaneInput["pacing"];
  readonly first: number;
  readonly count: number;
  readonly workers: number;
}

/** The senders of one generator process of its own: descriptors and heap are not shared. */
export function createProcessLanes(terms: ProcessTerms, events: LaneEvents): Lane[] {
  const path = fileURLToPath(new URL("./process.ts", import.meta.url));
  const child = fork(path, [], {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const { first, count, workers, pacing, plan } = terms;
  const lanes = Array.from(
    { length: count },
    (_, i) => new ProcessLane(child, plan, first + i, events),
  );
  child.on("message", ({ worker, message }: ProcessMessage) => {
    lanes[worker - first]?.hear(message);
  });
  const gone = (why: string): void => {
    for (const lane of lanes) lane.hear({ type: "gone", why });
  };
  child.on("error", (error) => gone(error.message));
  child.on("exit", (code, signal) => gone(`its process ended with ${signal ?? `code ${code}`}`));
  tell(child, { type: "init", plan: unshare(plan), pacing, first, count, workers });
  return lanes;
}

/** A process that is gone is told nothing: its exit says so. */
function tell(child: ChildProcess, command: ProcessCommand): void {
  if (child.connected) child.send(command);
}

class ProcessLane implements Lane {
  readonly worker: number;
  readonly #child: ChildProcess;
  readonly #state: LaneState;
  /** Buffers of the sender's arena and of its figures, mirrored here. */
  readonly #groups: SharedArrayBuffer[][] = [];

  constructor(child: ChildProcess, plan: LoadPlan, worker: number, events: LaneEvents) {
    this.#child = child;
    this.worker = worker;
    this.#state = new LaneState(plan, worker, events);
  }

  get recorder(): Lane["recorder"] {
    return this.#state.recorder;
  }

  get ready(): Promise<void> {
    return this.#state.ready;
  }

  get ended(): Lane["ended"] {
    return this.#state.ended;
  }

  command(command: Parameters<Lane["command"]>[0]): void {
    tell(this.#child, { type: "lane", worker: this.worker, command });
  }

  hear(message: ProcessMessage["message"]): void {
    if (message.type === "ready" || message.type === "figure") {
      const { sizes, ...rest } = message;
      const buffers = sizes.map((size) => new SharedArrayBuffer(size));
      this.#groups.push(buffers);
      this.#state.hear({ ...rest, buffers });
    } else if (message.type === "changes") {
      applyChanges(this.#groups[message.group] ?? [], message.changes);
    } else if (message.type === "gone") this.#state.gone(message.why);
    else this.#state.hear(message);
  }

  async close(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
    if (child.connected) child.disconnect();
    child.kill("SIGKILL");
    await gone;
  }
}
