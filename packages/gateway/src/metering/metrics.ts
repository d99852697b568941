import type { GrowingLabel, Metrics } from "@loadline/kit/metrics";
import type { UsageRow } from "../state/rows.ts";
import { queueMetrics } from "../telemetry/queues.ts";

export interface MeteringMetrics {
  used(row: UsageRow): void;
  dropped(rows: number): void;
  /** `depth` is read at each rendering. */
  onRender(depth: () => number): void;
}

const directions = ["in", "out", "cached", "reasoning"] as const;
const sources: readonly UsageRow["source"][] = [
  "provider",
  "estimated",
  "cached",
  "none",
  "unknown",
];

export function createMeteringMetrics(metrics: Metrics, models: GrowingLabel): MeteringMetrics {
  const tokens = metrics.counter("loadline_tokens", "Tokens used, by how they are known.", {
    model: models,
    direction: directions,
    source: sources,
  });
  const attempts = metrics.counter("loadline_usage_records", "Usage records of attempts.", {
    source: sources,
  });
  const cost = metrics.counter("loadline_cost_nanounits", "Cost in nano-units of currency.", {
    model: models,
  });
  const queue = queueMetrics(metrics, "usage");
  const perModel = directions.length * sources.length;
  return {
    used(row) {
      const source = sources.indexOf(row.source);
      attempts.add(source);
      const model = models.indexOf(row.model);
      if (model < 0) return;
      // The last label varies fastest.
      const first = model * perModel + source;
      if (row.inputTokens > 0) tokens.add(first, row.inputTokens);
      if (row.outputTokens > 0) tokens.add(first + sources.length, row.outputTokens);
      if (row.cachedTokens > 0) tokens.add(first + 2 * sources.length, row.cachedTokens);
      if (row.reasoningTokens > 0) tokens.add(first + 3 * sources.length, row.reasoningTokens);
      if (row.costNano > 0) cost.add(model, row.costNano);
    },
    dropped: queue.dropped,
    onRender: queue.watch,
  };
}
