import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { createWorker } from "./worker.ts";

/** Entry of a worker process: the channel to its supervisor is all it has. */
const worker = createWorker({
  clock: systemClock(),
  random: systemRandom(),
  log: (text) => void process.stderr.write(text),
  send: (message) => process.connected && process.send?.(message) !== undefined,
  exit: (code) => process.exit(code),
});
process.on("message", (message: unknown) => worker.receive(message));
process.on("disconnect", () => worker.orphaned());
// A terminal sends these to the whole group; a worker ends when its supervisor says so.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
