import { type ChildProcess, fork } from "node:child_process";
import cluster, { type ClusterSettings } from "node:cluster";
import { fileURLToPath } from "node:url";
import type { Clock } from "@loadline/kit/clock";
import { isRecord } from "@loadline/kit/json";
import type { SupervisorCalls, WorkerCalls } from "./calls.ts";
import { type Handlers, Peer } from "./peer.ts";

export interface WorkerProcessDeps {
  readonly clock: Clock;
  /** Listens where this process does, which hands it connections in its turn. */
  readonly isRoundRobin: boolean;
  /** Takes what the worker logs: whole lines. */
  log(text: string): void;
  onFault(text: string): void;
  onEnd(how: string): void;
}

/** A worker as its supervisor holds it. */
export interface WorkerHandle {
  readonly pid: number;
  readonly peer: Peer<WorkerCalls, SupervisorCalls>;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  kill(): void;
  /** Closes the channel: a worker that is done ends then. */
  release(): void;
}

const partialMax = 65_536;
const entry = fileURLToPath(new URL("./worker-main.ts", import.meta.url));

const options = (): Required<Pick<ClusterSettings, "execArgv" | "serialization" | "stdio">> => ({
  execArgv: [...ownFlags(process.execArgv), "--disable-warning=ExperimentalWarning"],
  serialization: "advanced",
  stdio: ["ignore", "ignore", "pipe", "ipc"],
});

/** What such a worker listens on, this process does. */
function forkInCluster(): ChildProcess {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({ exec: entry, args: [], ...options() });
  const worker = cluster.fork();
  // It passes on its process's error, which ends this process where nobody hears it.
  worker.on("error", () => undefined);
  closeUntaken(worker.process);
  return worker.process;
}

/** A connection as Node hands it over. */
interface Closable {
  close(): void;
}

/**
 * Closes the connections that a worker was being handed when it ended: Node waits for its word on
 * each, and their clients would wait for ever.
 */
function closeUntaken(child: ChildProcess): void {
  // It did not start, for want of descriptors: it has no channel, and its error says so.
  if (child.pid === undefined) return;
  const untaken = new Map<unknown, Closable>();
  const send = child.send.bind(child);
  Object.assign(child, {
    send(message: unknown, handle?: Closable, ...rest: readonly unknown[]): boolean {
      if (handle && isRecord(message)) untaken.set(message["seq"], handle);
      return Reflect.apply(send, child, [message, handle, ...rest]);
    },
  });
  child.on("internalMessage", (message: unknown) => {
    if (isRecord(message)) untaken.delete(message["ack"]);
  });
  const closeAll = (): void => {
    for (const handle of untaken.values()) handle.close();
    untaken.clear();
  };
  child.on("exit", closeAll);
  child.on("disconnect", closeAll);
}

/** Starts a worker process; it does nothing before it is told to begin. */
export function startWorker(
  handlers: Handlers<SupervisorCalls>,
  deps: WorkerProcessDeps,
): WorkerHandle {
  const child = deps.isRoundRobin ? forkInCluster() : fork(entry, [], options());
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const send = (message: unknown): boolean => child.connected && trySend(child, message);
  const peer = new Peer<WorkerCalls, SupervisorCalls>(
    { clock: deps.clock, send, onFault: deps.onFault },
    handlers,
  );
  child.on("message", (message) => peer.receive(message));
  forwardLines(child, deps);
  let isOver = false;
  const end = (how: string): void => {
    if (isOver) return;
    isOver = true;
    // An error may leave it alive.
    child.kill("SIGKILL");
    peer.end("the worker ended");
    resolve();
    deps.onEnd(how);
  };
  child.on("exit", (code, signal) => end(signal ?? `exit code ${code ?? "unknown"}`));
  child.on("error", (cause) => end(cause.message));
  return {
    pid: child.pid ?? -1,
    peer,
    ended,
    kill: () => void child.kill("SIGKILL"),
    release() {
      if (child.connected) child.disconnect();
    },
  };
}

/** A worker keeps its memory as the supervisor does; an inspector has one process. */
export function ownFlags(execArgv: readonly string[]): string[] {
  return execArgv.filter((flag) => /^--(max-|min-|no-|heap-)/.test(flag));
}

function trySend(child: ChildProcess, message: unknown): boolean {
  // A message that the channel refuses comes back to `error`, which ends the worker.
  if (typeof message !== "object" || message === null) return false;
  child.send(message, () => undefined);
  return true;
}

/** Passes on whole lines only, so that those of several workers do not mix. */
function forwardLines(child: ChildProcess, deps: WorkerProcessDeps): void {
  let rest = "";
  child.stderr?.setEncoding("utf8");
  child.stderr?.on("data", (text: string) => {
    const all = rest + text;
    const end = all.lastIndexOf("\n") + 1;
    if (end > 0) deps.log(all.slice(0, end));
    rest = all.slice(end).slice(0, partialMax);
  });
  child.stderr?.on("close", () => {
    if (rest !== "") deps.log(`${rest}\n`);
  });
}
