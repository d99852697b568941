import type { Metrics } from "@loadline/kit/metrics";

export const reloadOutcomes = ["applied", "unchanged", "invalid", "restart_needed"] as const;
export type ReloadOutcome = (typeof reloadOutcomes)[number];

export interface ReloadMetrics {
  onReload(outcome: ReloadOutcome): void;
}

/** Series of reloads; `digest` names the configuration in force. */
export function createReloadMetrics(metrics: Metrics, digest: () => string): ReloadMetrics {
  const reloads = metrics.counter("loadline_config_reloads", "Reloads of the configuration.", {
    outcome: reloadOutcomes,
  });
  metrics.info("loadline_config", "The configuration in force.", () => ({ digest: digest() }));
  return { onReload: (outcome) => reloads.add(reloadOutcomes.indexOf(outcome)) };
}
