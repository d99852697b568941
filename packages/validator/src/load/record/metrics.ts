import type { Flight } from "../engine/flight.ts";
import type { LoadMetric } from "../types.ts";

type CountedMetric = "errors" | "good" | "retry_after" | "figure" | "iteration_duration";

/** Whether a metric counts answers and has no value of one. */
export function isCounted(metric: LoadMetric): metric is CountedMetric {
  return (
    metric === "errors" ||
    metric === "good" ||
    metric === "retry_after" ||
    metric === "figure" ||
    metric === "iteration_duration"
  );
}

type WireMetric =
  | "http_req_blocked"
  | "http_req_connecting"
  | "http_req_tls_handshaking"
  | "http_req_sending"
  | "data_sent"
  | "data_received";

/** Value in ms of a whole answer, of `data_*` in bytes; NaN when it has none. */
export function metricOf(flight: Flight, metric: Exclude<LoadMetric, CountedMetric>): number {
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
    default:
      return wireMetricOf(flight, metric);
  }
}

/** By k6's definitions; NaN of a client whose sockets nobody listens to. */
function wireMetricOf(flight: Flight, metric: WireMetric): number {
  const { wire } = flight;
  // Never sent: no byte of it went anywhere.
  if (Number.isNaN(flight.sendMs)) return metric.startsWith("data_") ? 0 : Number.NaN;
  if (wire === undefined) return Number.NaN;
  const beganMs = Number.isNaN(wire.readyMs)
    ? flight.sendMs
    : Math.max(wire.readyMs, flight.sendMs);
  switch (metric) {
    case "http_req_blocked":
      return beganMs - flight.wakeMs;
    case "http_req_connecting":
      return wire.connectMs;
    case "http_req_tls_handshaking":
      return wire.tlsMs;
    case "http_req_sending":
      // Not later than its first answer, which is all there is where nobody saw its last byte go.
      return Math.max(0, Math.min(seenMs(wire.sentMs), flight.firstByteMs) - beganMs);
    case "data_sent":
      return wire.sentBytes;
    case "data_received":
      return wire.receivedBytes;
  }
}

const seenMs = (ms: number): number => (Number.isNaN(ms) ? Infinity : ms);

/** All content in one read has no time between tokens: unknown, never 0. */
function tpotOf({ tokens, contentReads, firstContentMs, lastContentMs }: Flight): number {
  const gaps = tokens - 1;
  return gaps >= 1 && contentReads > 1 ? (lastContentMs - firstContentMs) / gaps : Number.NaN;
}
