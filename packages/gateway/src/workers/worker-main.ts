import cluster from "node:cluster";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { createWorker } from "./worker.ts";

const clock = systemClock();
/** What does not end by itself within this time is ended. */
const lingerMs = 500;

/** Nothing is left to do: a process without handles ends, one that still has some is ended. */
function end(code: number, isAtOnce: boolean): void {
  process.exitCode = code;
  if (process.connected) process.disconnect();
  const kill = (): void => void process.kill(process.pid, "SIGKILL");
  if (isAtOnce) kill();
  else clock.after(lingerMs, kill, { unref: true });
}

/** Entry of a worker process: the channel to its supervisor is all it has. */
const worker = createWorker({
  clock,
  random: systemRandom(),
  log: (text) => void process.stderr.write(text),
  logWaitingBytes: () => process.stderr.writableLength,
  send: (message) => process.connected && process.send?.(message) !== undefined,
  end,
});
// One that is handed its connections would end at once with its supervisor, what runs cut.
if (cluster.worker) cluster.worker.exitedAfterDisconnect = true;
// Whoever reads the log may be gone before what runs is drained.
process.stderr.on("error", () => undefined);
process.on("message", (message: unknown) => worker.receive(message));
process.on("disconnect", () => worker.orphaned());
// Between its supervisor's end and the news of it, what is sent fails: Node's own messages, too.
process.on("error", () => undefined);
// A terminal sends these to the whole group; a worker ends when its supervisor says so.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
