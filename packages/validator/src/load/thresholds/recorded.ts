import { loadMetrics } from "./metrics.ts";
import type { LoadMetric, UsersGauge } from "../types.ts";

/** What the engine counts of every request for a metric by name. */
const ofRequests: Readonly<Record<string, LoadMetric>> = {
  response_time: "response_time",
  service_time: "service_time",
  http_req_duration: "service_time",
  http_req_waiting: "ttfb",
  ttft: "ttft",
  ttft_open: "ttft_open",
  ttfo: "ttfo",
  ttfb: "ttfb",
  icl_max: "icl_max",
  tpot: "tpot",
  e2e: "e2e",
  e2e_close: "e2e_close",
  e2e_open: "e2e_open",
  errors: "errors",
  http_req_failed: "errors",
  good: "good",
  retry_after: "retry_after",
  http_req_receiving: "http_req_receiving",
  http_req_blocked: "http_req_blocked",
  http_req_connecting: "http_req_connecting",
  http_req_tls_handshaking: "http_req_tls_handshaking",
  http_req_sending: "http_req_sending",
  data_sent: "data_sent",
  data_received: "data_received",
  iteration_duration: "iteration_duration",
  pacer_lag: "pacer_lag",
  queue_wait: "queue_wait",
};

/** Figures the clients say by name, in their own unit. */
const figureNames: ReadonlySet<string> = new Set([
  "icl",
  "output_tokens",
  "output_tokens_per_s_per_user",
  "events_per_read",
  "tokens_per_event",
  "buffered_streams",
  "rag_ingest",
  "rag_query",
  "rag_visible",
  "rag_hit",
  "rag_foreign",
  "mcp_connect",
  "mcp_list",
  "mcp_call",
  "mcp_protocol_errors",
  "mcp_tool_errors",
  "mcp_sessions_lost",
  "ws_connecting",
  "ws_session_duration",
  "ws_sessions",
  "ws_msgs_sent",
  "ws_msgs_received",
  "ws_rtt",
  "ws_ping",
  "ws_fanout",
  "ws_fanout_last",
  "ws_delivery",
  "ws_duplicates",
  "ws_reordered",
  "ws_presence",
]);

/** What is counted for a metric; null: a counter or gauge of requests, see `requestCounter`. */
export function recordedAs(metric: string): LoadMetric | null {
  if (figureNames.has(metric) || metric === "checks") return "figure";
  // A metric of the plan's own: modules add values to it by its name.
  if (!loadMetrics.some((row) => row.name === metric)) return "figure";
  return ofRequests[metric] ?? null;
}

/** What a counter or gauge of requests, iterations or users means. */
export type RequestCounter = "due" | "sent" | "dropped" | "iterations" | "bytes" | UsersGauge;

const requestCounters: Readonly<Record<string, RequestCounter>> = {
  http_reqs: "sent",
  iterations: "iterations",
  due: "due",
  dropped_iterations: "dropped",
  vus: "vus",
  vus_max: "vus_max",
  data_sent: "bytes",
  data_received: "bytes",
};

/** What of the counts a counter or gauge means, or null. */
export function requestCounter(metric: string): RequestCounter | null {
  return requestCounters[metric] ?? null;
}

const wholeIterations: ReadonlySet<string> = new Set([
  "iterations",
  "iteration_duration",
  "dropped_iterations",
  "vus",
  "vus_max",
]);

/** Whether a metric is of iterations or users, which no step has of its own. */
export function isOfIterations(metric: string): boolean {
  return wholeIterations.has(metric);
}

/** Events are told only when they happen: these say that something was there to happen to. */
const witnesses: Readonly<Record<string, readonly string[]>> = {
  output_tokens: ["output_tokens"],
  // An answer that found nothing could not have held another tenant's word.
  rag_foreign: ["rag_visible", "rag_hit"],
  mcp_protocol_errors: ["mcp_connect", "mcp_list", "mcp_call"],
  mcp_tool_errors: ["mcp_call"],
  mcp_sessions_lost: ["mcp_list", "mcp_call"],
  ws_duplicates: ["ws_fanout"],
  ws_reordered: ["ws_fanout"],
};

/** Figures of which one has a good value where events of this metric could have been seen. */
export function witnessesOf(metric: string): readonly string[] {
  return witnesses[metric] ?? [];
}

/** Names of the figures a selector covers: one with its tag, or every declared check. */
export function figuresOf(
  metric: string,
  tag: readonly [name: string, value: string] | null,
  checks: readonly string[],
): readonly string[] {
  if (metric !== "checks") return [tag === null ? metric : `${metric}{${tag[0]}:${tag[1]}}`];
  if (tag !== null) return [`check:${tag[1]}`];
  return checks.map((check) => `check:${check}`);
}
