import type { Flight } from "../engine/flight.ts";
import type { LoadMetric } from "../types.ts";

/** Value in ms of a whole answer; NaN when it has none. */
export function metricOf(
  flight: Flight,
  metric: Exclude<LoadMetric, "errors" | "good" | "retry_after" | "figure" | "iteration_duration">,
): number {
  switch (metric) {
    case "response_time":
      return flight.doneMs - flight.intendedMs;
    case "service_time":
    case "e2e_close":
      return flight.doneMs - flight.sendMs;
    case "ttft":
      return flight.firstContentMs - flight.sendMs;
    case "ttft_open":
      return flight.firstContentMs - flight.intendedMs;
    case "ttfo":
      return flight.firstOutputMs - flight.sendMs;
    case "ttfb":
      return flight.firstByteMs - flight.sendMs;
    case "http_req_receiving":
      return flight.doneMs - flight.firstByteMs;
    case "icl_max":
      return flight.gapMaxMs;
    case "e2e":
      return flight.lastContentMs - flight.sendMs;
    case "e2e_open":
      return flight.lastContentMs - flight.intendedMs;
    case "pacer_lag":
      return flight.wakeMs - flight.intendedMs;
    case "queue_wait":
      return flight.sendMs - flight.wakeMs;
    case "tpot":
      return tpotOf(flight);
  }
}

/** All content in one read has no time between tokens: unknown, never 0. */
function tpotOf({ tokens, contentReads, firstContentMs, lastContentMs }: Flight): number {
  const gaps = tokens - 1;
  return gaps >= 1 && contentReads > 1 ? (lastContentMs - firstContentMs) / gaps : Number.NaN;
}
