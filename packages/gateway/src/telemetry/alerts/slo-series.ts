import { durationBounds } from "../telemetry.ts";
import { failedModelRequests, modelRequests } from "./model-requests.ts";

/**
 * What the gateway exports about each of its services, as selectors. The histogram of durations
 * does not tell operations apart: it counts every model request.
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
    histogram: "loadline_request_duration_seconds",
    bounds: durationBounds,
  },
} as const;
