import type { Clock, Timer } from "@loadline/kit/clock";
import type { UsageBatch, UsageRow } from "../state/rows.ts";
import { createUsageBatcher, usageBatchMax } from "../state/usage-batch.ts";

export interface UsageQueueDeps {
  readonly clock: Clock;
  /** Writes a batch; one that is known already changes nothing. */
  readonly append: (batch: UsageBatch) => Promise<unknown>;
  /** A batch could not be written and is tried again. */
  readonly onFailure: (cause: unknown) => void;
  /** Rows that found no room, or that could not be written before the end. */
  readonly onDropped: (rows: number) => void;
}

/** Usage rows on their way into the store: never awaited by a request. */
export interface UsageQueue {
  push(row: UsageRow): void;
  readonly depth: number;
  /** Tries once more to write what is queued; what is left then is counted as dropped. */
  close(): Promise<void>;
}

const rowsMax = 50_000;
const batchMs = 1000;

/**
 * At most 50,000 rows, written by 2,000 or each second. A batch keeps its id and its rows until it is
 * written, so that one whose answer was lost is not counted twice.
 */
export function createUsageQueue(deps: UsageQueueDeps): UsageQueue {
  const open = createUsageBatcher();
  const waiting: UsageBatch[] = [];
  let waitingRows = 0;
  let timer: Timer | undefined;
  let writing: Promise<void> | undefined;
  const arm = (): void => {
    timer ??= deps.clock.after(batchMs, () => void flush(), { unref: true });
  };
  const seal = (): void => {
    const batch = open.take();
    if (!batch) return;
    waiting.push(batch);
    waitingRows += batch.records;
  };
  const run = async (): Promise<void> => {
    for (let batch = waiting[0]; batch; batch = waiting[0]) {
      try {
        await deps.append(batch);
      } catch (cause) {
        deps.onFailure(cause);
        arm();
        return;
      }
      waiting.shift();
      waitingRows -= batch.records;
    }
  };
  const flush = (): Promise<void> => {
    timer?.cancel();
    timer = undefined;
    seal();
    writing ??= run().finally(() => void (writing = undefined));
    return writing;
  };
  return {
    get depth() {
      return waitingRows + open.records;
    },
    push(row) {
      if (waitingRows + open.records >= rowsMax) {
        deps.onDropped(1);
        return;
      }
      open.add(row);
      if (open.records < usageBatchMax) arm();
      else if (writing) seal();
      else void flush();
    },
    async close() {
      await writing;
      await flush();
      timer?.cancel();
      timer = undefined;
      if (waitingRows > 0) deps.onDropped(waitingRows);
      waiting.length = 0;
      waitingRows = 0;
    },
  };
}
