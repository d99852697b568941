import type { Aggregation } from "./threshold.ts";

export type MetricType = "trend" | "rate" | "counter" | "gauge";

/** One metric a threshold may name. */
export interface MetricRow {
  readonly name: string;
  readonly type: MetricType;
  readonly quantity: "time" | "ratio" | "count" | "bytes";
  /** What a value is measured from, where it can be said both ways: its twin on the other clock. */
  readonly clock?: "intended" | "sent";
  readonly twin?: string;
  /** Rate: `bad` counts what should not happen (a low rate is good). */
  readonly counts?: "bad" | "good";
  /** The counter whose rate its value is: the same samples under a name of their own. */
  readonly rateOf?: string;
}

const time = (name: string, clock?: "intended" | "sent", twin?: string): MetricRow => ({
  name,
  type: "trend",
  quantity: "time",
  ...(clock !== undefined && { clock }),
  ...(twin !== undefined && { twin }),
});
const counter = (name: string, quantity: "count" | "bytes" = "count"): MetricRow => ({
  name,
  type: "counter",
  quantity,
});
const rate = (name: string, counts: "bad" | "good"): MetricRow => ({
  name,
  type: "rate",
  quantity: "ratio",
  counts,
});
const gauge = (name: string): MetricRow => ({ name, type: "gauge", quantity: "count" });
const number = (name: string): MetricRow => ({ name, type: "trend", quantity: "count" });

/** k6's built-in metrics under k6's names, with k6's types and definitions. */
export const k6Metrics: readonly MetricRow[] = [
  time("http_req_duration", "sent", "response_time"),
  time("http_req_waiting"),
  time("http_req_blocked"),
  time("http_req_connecting"),
  time("http_req_tls_handshaking"),
  time("http_req_sending"),
  time("http_req_receiving"),
  rate("http_req_failed", "bad"),
  counter("http_reqs"),
  time("iteration_duration"),
  counter("iterations"),
  counter("dropped_iterations"),
  rate("checks", "good"),
  gauge("vus"),
  gauge("vus_max"),
  counter("data_sent", "bytes"),
  counter("data_received", "bytes"),
  time("ws_connecting"),
  time("ws_session_duration"),
  time("ws_ping"),
  counter("ws_sessions"),
  counter("ws_msgs_sent"),
  counter("ws_msgs_received"),
];

/** Ours, beside them. */
export const ownMetrics: readonly MetricRow[] = [
  time("response_time", "intended", "service_time"),
  time("service_time", "sent", "response_time"),
  time("pacer_lag"),
  time("queue_wait"),
  counter("due"),
  rate("errors", "bad"),
  rate("good", "good"),
  rate("retry_after", "good"),
  time("ttft", "sent", "ttft_open"),
  time("ttft_open", "intended", "ttft"),
  time("ttfo"),
  time("ttfb"),
  time("icl"),
  time("icl_max"),
  time("tpot"),
  time("e2e", "sent", "e2e_open"),
  time("e2e_close"),
  time("e2e_open", "intended", "e2e"),
  counter("output_tokens"),
  { ...gauge("output_tokens_per_s"), rateOf: "output_tokens" },
  number("output_tokens_per_s_per_user"),
  number("events_per_read"),
  number("tokens_per_event"),
  rate("buffered_streams", "bad"),
  time("rag_ingest"),
  time("rag_query"),
  time("rag_visible"),
  rate("rag_hit", "good"),
  counter("rag_foreign"),
  time("mcp_connect"),
  time("mcp_list"),
  time("mcp_call"),
  counter("mcp_protocol_errors"),
  counter("mcp_tool_errors"),
  counter("mcp_sessions_lost"),
  time("ws_rtt"),
  time("ws_fanout"),
  time("ws_fanout_last"),
  rate("ws_delivery", "good"),
  counter("ws_duplicates"),
  counter("ws_reordered"),
  time("ws_presence"),
];

/** The one table of metrics thresholds may name. */
export const loadMetrics: readonly MetricRow[] = [...k6Metrics, ...ownMetrics];

const byType: Readonly<Record<MetricType, readonly Aggregation[]>> = {
  counter: ["count", "rate"],
  gauge: ["value"],
  rate: ["rate"],
  trend: ["avg", "min", "max", "med", "p"],
};

/** The aggregations k6 allows on a type. */
export function aggregationsOf(type: MetricType): readonly Aggregation[] {
  return byType[type];
}
