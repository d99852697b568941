/** What a metric is measured from and to, and what other tools call it. */
export interface Meaning {
  readonly means: string;
  /** Its name in other tools, by tool. */
  readonly elsewhere: Readonly<Record<string, string>>;
}

const said = (means: string, elsewhere: Meaning["elsewhere"] = {}): Meaning => ({
  means,
  elsewhere,
});

/**
 * One definition for each metric that a threshold may name: `t_int` is when the schedule wanted the
 * request, `t_send` when it was written, `e_1` to `e_n` are the content events of a stream, `N` its
 * output tokens.
 */
export const meanings: Readonly<Record<string, Meaning>> = {
  http_req_duration: said("t_send to the end of the answer, k6's definition"),
  http_req_waiting: said("t_send to the first byte"),
  http_req_blocked: said("release to the moment its connection could take it"),
  http_req_connecting: said("connecting of its connection, 0 where one was kept"),
  http_req_tls_handshaking: said("handshake of its connection, 0 where one was kept"),
  http_req_sending: said("writing until the last byte went"),
  http_req_receiving: said("first byte to the end of the answer"),
  http_req_failed: said("requests without a good answer, of all due"),
  http_reqs: said("requests that were sent"),
  iteration_duration: said("beginning to end of an iteration, pauses in it"),
  iterations: said("iterations that came to their end"),
  dropped_iterations: said("arrivals that found neither a user nor a place to wait"),
  checks: said("checks that held"),
  vus: said("users at work when last looked at, once a second"),
  vus_max: said("users made in all"),
  data_sent: said("bytes written"),
  data_received: said("bytes read"),
  ws_connecting: said("opening of a WebSocket"),
  ws_session_duration: said("opening to closing of a WebSocket"),
  ws_ping: said("ping to pong"),
  ws_sessions: said("WebSockets that were opened"),
  ws_msgs_sent: said("messages written"),
  ws_msgs_received: said("messages read"),
  response_time: said("t_int to the end of the answer: the headline"),
  service_time: said("t_send to the end of the answer"),
  pacer_lag: said("t_int to release: the generator's own lateness"),
  queue_wait: said("release to t_send: waiting for a user or a connection"),
  due: said("requests that fell due"),
  errors: said("requests without a good answer, of all due; class:NAME of one outcome"),
  good: said(
    "ok and within every limit of `slo`, of all due; MLPerf's by `slo: { mlperf: MODEL }`",
    {
      vLLM: "goodput",
    },
  ),
  retry_after: said("answers 429 that say when to come back, of all 429"),
  ttft: said("t_send to e_1; unknown where nothing is streamed", {
    AIPerf: "TTFT",
    GuideLLM: "TTFT",
    vLLM: "TTFT",
  }),
  ttft_open: said("t_int to e_1"),
  ttfo: said("t_send to the first content that is not reasoning"),
  ttfb: said("t_send to the first byte: no token"),
  icl: said("e_k to e_k+1, of all streams together", { vLLM: "ITL" }),
  icl_max: said("longest gap between two content events of a request: a stall"),
  tpot: said("(e_n - e_1) / (N - 1); unknown for N below 2", {
    AIPerf: "ITL",
    GuideLLM: "ITL",
    vLLM: "TPOT",
  }),
  e2e: said("t_send to e_n", { vLLM: "E2EL" }),
  e2e_close: said("t_send to the end of the message"),
  e2e_open: said("t_int to e_n"),
  output_tokens: said("N by usage, else by the tokenizer; where one is unknown there is no sum", {
    AIPerf: "output token throughput",
    vLLM: "output token throughput",
  }),
  output_tokens_per_s: said("sum of N per second of the window, as `output_tokens: rate`"),
  output_tokens_per_s_per_user: said("1 / tpot of each stream, per second; unknown where tpot is", {
    AIPerf: "output token throughput per user",
  }),
  events_per_read: said("content events in a read"),
  tokens_per_event: said("N by content event"),
  buffered_streams: said("streams of 8 events and more that came nearly whole in one read"),
  rag_ingest: said("t_int to the acknowledgement of a document"),
  rag_query: said("t_int to the answer to a question"),
  rag_visible: said("acknowledgement to the first query that finds it, by the poll's steps"),
  rag_hit: said("queries that found their canary among the first k"),
  rag_foreign: said("canaries of other tenants in an answer"),
  mcp_connect: said("opening of a session"),
  mcp_list: said("tools/list"),
  mcp_call: said("tools/call; tool:NAME of one tool"),
  mcp_protocol_errors: said("JSON-RPC errors; code:N of one code"),
  mcp_tool_errors: said("results that say isError"),
  mcp_sessions_lost: said("sessions the server forgot"),
  ws_rtt: said("asking to the echo"),
  ws_fanout: said("a sender's stamp to a receiver's read, each receiver"),
  ws_fanout_last: said("a sender's stamp to the last receiver's read"),
  ws_delivery: said("deliveries within 5 s, of all that the members at sending time await"),
  ws_duplicates: said("messages that came again"),
  ws_reordered: said("messages that came before an earlier one of their sender"),
  ws_presence: said("a newcomer's joining until a member hears of it"),
};

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/** What other tools mean by a name, as `vLLM's ITL is icl`; empty where none uses it. */
export function elsewhereOf(name: string): string[] {
  return Object.entries(meanings).flatMap(([metric, { elsewhere }]) =>
    Object.entries(elsewhere).flatMap(([tool, own]) =>
      plain(own) === plain(name) ? [`${tool}'s ${own} is ${metric}`] : [],
    ),
  );
}
