import { durationBounds } from "../telemetry.ts";
import { failedModelRequests, modelRequests } from "./model-requests.ts";

/**
 * What the gateway exports about each of its services, as selectors. An answer that was cut counts
 * under the status of its error. The histogram of durations counts every model request and does not
 * tell operations apart: a promise about the latency of chat alone has no series.
 */
export const gatewaySloSeries = {
  gateway: {
    bad: failedModelRequests,
    total: modelRequests,
    histogram: "loadline_request_duration_seconds",
    bounds: durationBounds,
  },
  chat: {
    bad: 'loadline_requests_total{operation="chat",status=~"5.."}',
    total: 'loadline_requests_total{operation="chat"}',
    good: 'loadline_requests_total{operation="chat",status="200"}',
  },
} as const;
