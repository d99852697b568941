import type { LoadMetric } from "../types.ts";

/** What the engine counts for a metric by name; a metric without a row is not tested. */
const rows: Readonly<Record<string, LoadMetric>> = {
  response_time: "response_time",
  service_time: "service_time",
  http_req_duration: "service_time",
  ttft: "ttft",
  ttft_open: "ttft_open",
  tpot: "tpot",
  ttfo: "ttfo",
  ttfb: "ttfb",
  icl_max: "icl_max",
  e2e: "e2e",
  e2e_close: "e2e_close",
  e2e_open: "e2e_open",
  errors: "errors",
  http_req_failed: "errors",
  good: "good",
};

/** The counter behind a metric, or null: this engine does not record it. */
export function recordedAs(metric: string): LoadMetric | null {
  return rows[metric] ?? null;
}

/** Counters of whole requests, read from the account of all due. */
const requestCounters: Readonly<Record<string, "due" | "dropped">> = {
  http_reqs: "due",
  iterations: "due",
  due: "due",
  dropped_iterations: "dropped",
};

/** What of the account of all due a counter means, or null. */
export function requestCounter(metric: string): "due" | "dropped" | null {
  return requestCounters[metric] ?? null;
}
