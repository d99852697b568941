import type { Clock, Timer } from "@loadline/kit/clock";
import type { UsageRow } from "../state/rows.ts";

export interface UsageQueueDeps {
  readonly clock: Clock;
  /** Writes a batch; rows that are known already are left out by their id. */
  readonly insert: (rows: readonly UsageRow[]) => Promise<unknown>;
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
const batchRows = 500;
const batchMs = 1000;

/** At most 50,000 rows, written by 500 or each second; a batch that fails is kept and tried again. */
export function createUsageQueue(deps: UsageQueueDeps): UsageQueue {
  let queued: UsageRow[] = [];
  let timer: Timer | undefined;
  let writing: Promise<void> | undefined;
  const arm = (): void => {
    timer ??= deps.clock.after(batchMs, () => void flush(), { unref: true });
  };
  const run = async (): Promise<void> => {
    while (queued.length > 0) {
      const batch = queued.slice(0, batchRows);
      try {
        await deps.insert(batch);
      } catch (cause) {
        deps.onFailure(cause);
        arm();
        return;
      }
      queued = queued.slice(batch.length);
    }
  };
  const flush = (): Promise<void> => {
    timer?.cancel();
    timer = undefined;
    writing ??= run().finally(() => void (writing = undefined));
    return writing;
  };
  return {
    get depth() {
      return queued.length;
    },
    push(row) {
      if (queued.length >= rowsMax) {
        deps.onDropped(1);
        return;
      }
      queued.push(row);
      if (queued.length === batchRows && !writing) void flush();
      else arm();
    },
    async close() {
      await writing;
      await flush();
      timer?.cancel();
      timer = undefined;
      if (queued.length > 0) deps.onDropped(queued.length);
      queued = [];
    },
  };
}
