import type { Metrics } from "@loadline/kit/metrics";

const outcomes = ["switched", "refused", "rolled_back", "tripped"] as const;
export type SwapOutcome = (typeof outcomes)[number];

export interface SwapMetrics {
  onSwap(outcome: SwapOutcome): void;
}

/** Series of swaps; `tripped` are those that a breaker undid. */
export function createSwapMetrics(metrics: Metrics): SwapMetrics {
  const swaps = metrics.counter("loadline_model_swaps", "Swaps of in-process models by outcome.", {
    outcome: outcomes,
  });
  return { onSwap: (outcome) => swaps.add(outcomes.indexOf(outcome)) };
}
