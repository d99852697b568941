import type { Clock } from "@loadline/kit/clock";
import { createHeldOutput, type HeldOutput } from "@loadline/kit/logger";
import type { Metrics } from "@loadline/kit/metrics";
import { queueMetrics } from "./queues.ts";

/** What takes the log of a process, and how far its reader is behind. */
export interface LogTaker {
  /** Takes log text: whole JSON lines. */
  readonly log: (text: string) => void;
  /** Bytes that `log` took and that nobody has read; absent: it keeps none. */
  readonly logWaitingBytes?: (() => number) | undefined;
}

/** Some 2,000 lines of requests. */
const heldBytesMax = 1024 * 1024;

/** The log, with a bound on what waits for its reader; lost lines are `loadline_queue_dropped`. */
export function openLogOutput(
  { clock, log, logWaitingBytes }: LogTaker & { readonly clock: Clock },
  metrics: Metrics,
): HeldOutput {
  const queue = queueMetrics(metrics, "logs");
  const held = createHeldOutput({
    clock,
    output: { write: log, waitingBytes: logWaitingBytes ?? (() => 0) },
    bytesMax: heldBytesMax,
    onDropped: queue.dropped,
  });
  queue.watch(() => held.heldBytes);
  return held;
}
