import type { Metrics } from "@loadline/kit/metrics";

/**
 * How a call to itself ended: `passed`; `skipped`, a stage was passed by; `failed`, another answer
 * than the one it had to get; `silent`, none; `busy`, refused on purpose, so that nothing is known.
 */
export const probeResults = ["passed", "skipped", "failed", "silent", "busy"] as const;
export type ProbeResult = (typeof probeResults)[number];

/** Counts results; nothing else counts these calls. */
export function createSelfProbeMetrics(metrics: Metrics): (result: ProbeResult) => void {
  const probes = metrics.counter("loadline_self_probe", "Calls of the gateway to itself.", {
    result: probeResults,
  });
  return (result) => probes.add(probeResults.indexOf(result));
}
