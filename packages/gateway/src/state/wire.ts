import { join } from "node:path";
import type { Clock } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import type { Metrics } from "@loadline/kit/metrics";
import type { Dependencies } from "../health/dependencies.ts";
import type { UsageRow } from "./rows.ts";
import type { Store } from "./store.ts";

export interface ConnectDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly dependencies: Dependencies;
}

/** Shows an open store in /health, /metrics and the log. SQLite is required, PostgreSQL is not. */
export function connectStore(store: Store, deps: ConnectDeps): void {
  const { logger, metrics, dependencies } = deps;
  dependencies.add("sql", store.kind === "sqlite", store.health);
  store.onHealth(({ state, latencyMs, code }) => {
    const fields = { kind: store.kind, state, latencyMs: Math.round(latencyMs), code: code ?? "" };
    if (state === "ok") logger.info("sql store", fields);
    else logger.warn("sql store", fields);
  });
  const uses = ["size", "busy", "waiting"] as const;
  const connections = metrics.gauge(
    "loadline_store_connections",
    "Connections or threads of the SQL store, and callers that wait for one.",
    { use: uses },
  );
  metrics.onRender(() => {
    const now = store.connections();
    uses.forEach((use, i) => connections.set(connections.slot([i]), now[use]));
  });
}

/** Where usage records go; `spoolPath` takes them while the store is away. */
export function usageStore(store: Store, dir: string) {
  return {
    insert: (rows: readonly UsageRow[]): Promise<number> => store.repositories.usage.insert(rows),
    spoolPath: join(dir, "usage.ndjson"),
  };
}
