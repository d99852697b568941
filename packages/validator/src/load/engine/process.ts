import { Worker } from "node:worker_threads";
import { systemClock } from "@loadline/kit/clock";
import type { LoadPlan } from "../types.ts";
import { endSender } from "./end-sender.ts";
import type { LaneMessage } from "./lane.ts";
import { MirrorSource } from "./mirror.ts";
import type { ProcessCommand, ProcessMessage } from "./process-protocol.ts";
import type { SenderThreadInput } from "./sender-thread.ts";
import { reshare } from "./unshare.ts";

const flushMs = 200;

type Say = (message: ProcessMessage) => void;

/** One sender of this process: its thread, and the mirrors of what it counts. */
class RelayedSender {
  readonly worker: number;
  readonly thread: Worker;
  readonly #say: Say;
  readonly #groups: MirrorSource[] = [];

  constructor(input: SenderThreadInput, say: Say) {
    this.worker = input.worker;
    this.#say = say;
    this.thread = new Worker(new URL("./sender-thread.ts", import.meta.url), {
      workerData: input,
    });
    this.thread.on("message", (message: LaneMessage) => this.#relay(message));
    this.thread.on("error", (error) => this.#gone(String(error)));
    this.thread.on("exit", (code) => this.#gone(`it exited with code ${code}`));
  }

  flush(): void {
    this.#groups.forEach((group, at) => {
      const changes = group.changes();
      if (changes.length === 0) return;
      this.#say({ worker: this.worker, message: { type: "changes", group: at, changes } });
    });
  }

  #relay(message: LaneMessage): void {
    const { worker } = this;
    if (message.type === "ready" || message.type === "figure") {
      const { buffers, ...rest } = message;
      this.#groups.push(new MirrorSource(buffers));
      const sizes = buffers.map(({ byteLength }) => byteLength);
      this.#say({ worker, message: { ...rest, sizes } });
      this.flush();
      return;
    }
    if (message.type === "ended" || message.type === "fault") this.flush();
    this.#say({ worker, message });
  }

  #gone(why: string): void {
    this.flush();
    this.#say({ worker: this.worker, message: { type: "gone", why } });
  }
}

/** A whole generator: its senders are told and heard over the channel to the process above. */
function serve(send: (message: ProcessMessage) => void): void {
  const senders: RelayedSender[] = [];
  const clock = systemClock();
  const flush = (): void => {
    for (const sender of senders) sender.flush();
    clock.after(flushMs, flush, { unref: true });
  };
  process.on("message", (command: ProcessCommand) => {
    if (command.type === "lane") {
      senders.find(({ worker }) => worker === command.worker)?.thread.postMessage(command.command);
      return;
    }
    const { pacing, first, count, workers } = command;
    const plan = reshare(command.plan) as LoadPlan;
    for (let worker = first; worker < first + count; worker++) {
      senders.push(
        new RelayedSender({ kind: "loadline-sender", plan, pacing, worker, workers }, send),
      );
    }
    clock.after(flushMs, flush, { unref: true });
  });
  // What a terminal, `timeout` or a service's stop sends to all is for the process above: it tells.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => undefined);
  process.on("disconnect", () => {
    for (const { thread } of senders) void endSender(thread, clock);
  });
}

/** A channel that takes nothing more has ended, whether or not its end was heard of yet. */
const onSent = (error: Error | null): void => {
  if (error !== null && process.connected) process.disconnect();
};

if (process.send !== undefined) {
  serve((message) => {
    // Nobody hears the last words of a sender that ends because the process above is gone.
    if (process.connected) process.send?.(message, undefined, undefined, onSent);
  });
}
