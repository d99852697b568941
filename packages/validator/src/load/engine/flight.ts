/** Every way a due request may end; `ok` apart, all are bad. */
export type LoadOutcome =
  | "ok"
  | "status_429"
  | "status_4xx"
  | "status_503"
  | "status_5xx"
  | "check"
  | "dns"
  | "connect"
  | "connect_timeout"
  | "tls"
  | "stale_connection"
  | "reset"
  | "timeout_first_byte"
  | "timeout_idle"
  | "timeout_total"
  | "protocol"
  | "stream_error"
  | "stream_truncated"
  | "generator"
  | "dropped"
  | "unfinished"
  | "cancelled";

/** One due request, from its intended time to its one outcome. Times in ms, NaN until known. */
export interface Flight {
  readonly scenario: number;
  /** Arrival index within the scenario. */
  readonly index: number;
  readonly intendedMs: number;
  wakeMs: number;
  sendMs: number;
  firstByteMs: number;
  doneMs: number;
  status: number;
  /** First and last content event of a stream. */
  firstContentMs: number;
  lastContentMs: number;
  contentEvents: number;
  /** Content events in the largest single read. */
  eventsPerReadMax: number;
  streamed: boolean;
  /** Server usage; -1 unknown. */
  tokens: number;
}

export function createFlight(scenario: number, index: number, intendedMs: number): Flight {
  return {
    scenario,
    index,
    intendedMs,
    wakeMs: Number.NaN,
    sendMs: Number.NaN,
    firstByteMs: Number.NaN,
    doneMs: Number.NaN,
    status: 0,
    firstContentMs: Number.NaN,
    lastContentMs: Number.NaN,
    contentEvents: 0,
    eventsPerReadMax: 0,
    streamed: false,
    tokens: -1,
  };
}
