import type { Metrics } from "@loadline/kit/metrics";
import type { Store } from "./store.ts";

const uses = ["size", "busy", "waiting"] as const;

/** Shows how the SQL store's connections or threads are used; `read` waits for nothing. */
export function storeMetrics(metrics: Metrics, read: Store["connections"]): void {
  const connections = metrics.gauge(
    "loadline_store_connections",
    "Connections or threads of the SQL store, and callers that wait for one.",
    { use: uses },
  );
  metrics.onRender(() => {
    const now = read();
    uses.forEach((use, i) => connections.set(connections.slot([i]), now[use]));
  });
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
