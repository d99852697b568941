import type { Clock } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import type { Metrics } from "@loadline/kit/metrics";
import { sealDraft } from "../audit-log/entry.ts";
import type { GatewayConfig } from "../config/schema.ts";
import { createDependencies, type Dependencies } from "../health/dependencies.ts";
import { sqlUrl } from "./config.ts";
import { storeMetrics } from "./metrics.ts";
import { openStore } from "./open-store.ts";
import { openRecords, type Records } from "./records.ts";
import type { Repositories } from "./repositories.ts";
import type { OpenWriter } from "./sqlite/open.ts";
import type { Store } from "./store.ts";

/** A database that starts together with the gateway gets this long. */
const waitMs = 20_000;

export interface StoresDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** What writes to SQLite; by default a thread of this process. */
  readonly writer?: OpenWriter | undefined;
  /** Whether the store is this process's to look after; another one has, by default. */
  readonly isOwner?: boolean;
  /** Who takes usage and audit events; by default the store and its spool. */
  readonly records?: ((store: Store) => Records) | undefined;
}

/** Everything of a gateway that outlives it. */
export interface OpenedStores {
  readonly store: Store;
  /** The store's; audit events of the data plane go by the spool while PostgreSQL is away. */
  readonly repositories: Repositories;
  readonly usage: Records["usage"];
  /** `sql` is in it; others add theirs. */
  readonly dependencies: Dependencies;
  close(): Promise<void>;
}

/** Opens the SQL store of the configuration; shown in /health, /metrics and the log. */
export async function openStores(config: GatewayConfig, deps: StoresDeps): Promise<OpenedStores> {
  const { stateDir: dir, stores } = config;
  const { clock, writer, isOwner: checksPages = false } = deps;
  const times = storeMetrics(deps.metrics);
  const opening = { clock, dir, waitMs, writer, times, checksPages };
  const store = await openStore(sqlUrl(stores.sql), opening);
  times.read(() => store.connections());
  const dependencies = createDependencies(deps.metrics);
  show(store, deps, dependencies);
  const records =
    deps.records?.(store) ?? (await openRecords(store, { ...deps, dir, seal: sealDraft }));
  return {
    store,
    repositories: { ...store.repositories, audit: records.audit },
    usage: records.usage,
    dependencies,
    async close() {
      await records.close();
      await store.close();
    },
  };
}

/**
 * SQLite is required: /health is 503 without it, and names the file that is to be looked at.
 * PostgreSQL may be away.
 */
function show(store: Store, { logger }: StoresDeps, dependencies: Dependencies): void {
  const { kind, path } = store;
  dependencies.add("sql", kind === "sqlite", () => {
    const health = store.health();
    return health.state === "ok" ? health : { ...health, path };
  });
  store.onHealth(({ state, latencyMs, code }) => {
    const at = { kind, ...(path !== undefined && { path }) };
    const fields = { ...at, state, latencyMs: Math.round(latencyMs), code: code ?? "" };
    if (state === "ok") logger.info("sql store", fields);
    else logger.warn("sql store", fields);
  });
}
