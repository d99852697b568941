import type { Clock } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import type { GrowingLabel, Metrics } from "@loadline/kit/metrics";
import type { Prices } from "../budgets/prices.ts";
import type { Exchange, Exit } from "../pipeline/exchange.ts";
import type { UsageBatch } from "../state/rows.ts";
import { createMeteringMetrics } from "./metrics.ts";
import { createUsageQueue, type UsageQueue } from "./queue.ts";
import { usageRow } from "./record.ts";

export interface MeteringDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly models: GrowingLabel;
  /** Read at each call: a reload changes it. */
  readonly prices: Prices;
  /** Where usage is kept; undefined: it is counted only. */
  readonly store?: UsageStore | undefined;
}

/** The store of usage; while it is away its own spool takes the batches. */
export interface UsageStore {
  append(batch: UsageBatch): Promise<unknown>;
}

/** One usage record for each attempt. */
export interface Metering {
  meter(x: Exchange, end: Exit): void;
  close(): Promise<void>;
}

export function createMetering(deps: MeteringDeps): Metering {
  const metrics = createMeteringMetrics(deps.metrics, deps.models);
  const queue = deps.store && queueFor(deps.store, deps, metrics.dropped);
  metrics.onRender(() => queue?.depth ?? 0);
  return {
    meter(x, end) {
      if (x.attempts.length === 0) return;
      const o = { exit: end.reason, prices: deps.prices, wallMs: deps.clock.wallMs() };
      let at = 0;
      for (const attempt of x.attempts) {
        const row = usageRow(x, attempt, at++, o);
        metrics.used(row);
        queue?.push(row);
      }
    },
    close: async () => queue?.close(),
  };
}

function queueFor(
  store: UsageStore,
  deps: MeteringDeps,
  onDropped: (rows: number) => void,
): UsageQueue {
  return createUsageQueue({
    clock: deps.clock,
    append: (batch) => store.append(batch),
    onFailure: (cause) =>
      deps.logger.warn("usage.kept", {
        text: cause instanceof Error ? cause.message : String(cause),
      }),
    onDropped,
  });
}
