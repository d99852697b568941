import type { Metrics } from "@loadline/kit/metrics";
import type { Store, StoreTimes } from "./store.ts";

const uses = ["size", "busy", "waiting", "min", "max"] as const;
/** Seconds. */
const callBounds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
const msPerSecond = 1000;

export interface StoreMetrics extends StoreTimes {
  /** How the connections or threads are used, asked at each rendering; waits for nothing. */
  read(connections: Store["connections"]): void;
}

/** Series of the SQL store, as its own callers find it. */
export function storeMetrics(metrics: Metrics): StoreMetrics {
  const connections = metrics.gauge(
    "loadline_store_connections",
    "Connections or threads of the SQL store, and callers that wait for one.",
    { use: uses },
  );
  const calls = metrics.histogram(
    "loadline_store_call_seconds",
    "A call of the SQL store, waiting for a connection included.",
    {},
    callBounds,
  );
  const waits = metrics.histogram(
    "loadline_store_wait_seconds",
    "Waiting for a connection of the pool; PostgreSQL only.",
    {},
    callBounds,
  );
  return {
    onCall: (ms) => calls.observe(0, ms / msPerSecond),
    onWait: (ms) => waits.observe(0, ms / msPerSecond),
    read(read) {
      metrics.onRender(() => {
        const now = read();
        uses.forEach((use, i) => connections.set(connections.slot([i]), now[use]));
      });
    },
  };
}

const spoolNames = ["usage", "audit"] as const;
export type SpoolName = (typeof spoolNames)[number];

export interface SpoolMetrics {
  onDamaged(spool: SpoolName, lines: number): void;
  /** How many bytes wait, asked at each rendering. */
  read(bytesOf: (spool: SpoolName) => number): void;
}

/** Series of the spools before a store that may be away. */
export function spoolMetrics(metrics: Metrics): SpoolMetrics {
  const bytes = metrics.gauge("loadline_spool_bytes", "Records on the disk, waiting for SQL.", {
    spool: spoolNames,
  });
  const damaged = metrics.counter("loadline_spool_damaged", "Spooled lines not read back.", {
    spool: spoolNames,
  });
  return {
    onDamaged: (spool, lines) => damaged.add(spoolNames.indexOf(spool), lines),
    read: (bytesOf) => {
      metrics.onRender(() => spoolNames.forEach((spool, i) => bytes.set(i, bytesOf(spool))));
    },
  };
}
