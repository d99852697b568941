import type { Clock, Timer } from "@loadline/kit/clock";
import type { UsageRow } from "../state/rows.ts";
import type { Spool } from "./spool.ts";

export interface UsageQueueDeps {
  readonly clock: Clock;
  /** Writes a batch; rows that are known already are left out by their id. */
  readonly insert: (rows: readonly UsageRow[]) => Promise<unknown>;
  /** Takes batches while `insert` fails. */
  readonly spool: Promise<Spool>;
  /** A batch could not be written; at most one call a second. */
  readonly onFailure: (cause: unknown) => void;
  /** Rows that found neither queue nor spool with room. */
  readonly onDropped: (rows: number) => void;
}

/** Usage rows on their way into the store: never awaited by a request. */
export interface UsageQueue {
  push(row: UsageRow): void;
  readonly depth: number;
  /** Writes what is queued and spooled; ends when it is written, spooled or dropped. */
  close(): Promise<void>;
}

const rowsMax = 50_000;
const batchRows = 500;
const batchMs = 1000;

export function createUsageQueue(deps: UsageQueueDeps): UsageQueue {
  let queued: UsageRow[] = [];
  let timer: Timer | undefined;
  let flushing: Promise<void> | undefined;
  const write = async (rows: readonly UsageRow[]): Promise<void> => {
    const spool = await deps.spool;
    try {
      if (spool.rows > 0)
        await spool.drain(batchRows, async (old) => void (await deps.insert(old)));
      await deps.insert(rows);
    } catch (cause) {
      deps.onFailure(cause);
      const isKept = await spool.append(rows).catch((fault: unknown) => {
        deps.onFailure(fault);
        return false;
      });
      if (!isKept) deps.onDropped(rows.length);
    }
  };
  const run = async (): Promise<void> => {
    while (queued.length > 0) {
      const batch = queued.slice(0, batchRows);
      queued = queued.slice(batchRows);
      await write(batch);
    }
  };
  const flush = (): Promise<void> => {
    timer?.cancel();
    timer = undefined;
    flushing ??= run().finally(() => void (flushing = undefined));
    return flushing;
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
      if (queued.length >= batchRows && !flushing) void flush();
      else timer ??= deps.clock.after(batchMs, () => void flush(), { unref: true });
    },
    async close() {
      await flushing;
      await flush();
    },
  };
}
