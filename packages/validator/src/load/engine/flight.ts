import type { LoadClient } from "../clients/client.ts";
import type { Wire } from "./wire-log.ts";

/** Every way a due request may end; `ok` apart, all are bad. */
export type LoadOutcome =
  | "ok"
  | "status_429"
  | "status_4xx"
  | "status_503"
  | "status_5xx"
  | "check"
  | "script"
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

/** Outcomes that our own clock decides. */
export const timeoutOutcomes = [
  "connect_timeout",
  "timeout_first_byte",
  "timeout_idle",
  "timeout_total",
] as const;

export type TimeoutOutcome = (typeof timeoutOutcomes)[number];

/**
 * Step of what a client sends on its own account: sessions, looks, removals. Such flights are in the
 * account of their scenario, and in no claim, series of latencies or step: they are no user's.
 */
export const asideStep = 1_000_000;

/** One due request, from its intended time to its one outcome. Times in ms, NaN until known. */
export interface Flight {
  readonly scenario: number;
  /** Index into the scenario's declared steps. */
  step: number;
  /** Step of a ladder or a search it is counted for, -1 = none. */
  phase: number;
  /** Writes and reads it on a shared connection; null for clients with sockets of their own. */
  client: LoadClient | null;
  /** Told of the end, once. */
  answered: ((flight: Flight, outcome: LoadOutcome) => void) | null;
  /** Set when its one outcome is known. */
  ended: boolean;
  /** Arrival index within the scenario. */
  readonly index: number;
  readonly intendedMs: number;
  wakeMs: number;
  /** Given to a connection, which may still have to open; NaN where nobody tells. */
  carriedMs: number;
  sendMs: number;
  firstByteMs: number;
  doneMs: number;
  /** The timeout that ended it, in ms; NaN for every other end. */
  timeoutMs: number;
  status: number;
  /** A 429 that says when to come back. */
  retryAfter: boolean;
  /** First and last content event of a stream. */
  firstContentMs: number;
  lastContentMs: number;
  contentEvents: number;
  /** Content events in the largest single read. */
  eventsPerReadMax: number;
  /** First content event that is not reasoning alone. */
  firstOutputMs: number;
  /** Longest gap between two content events, in ms. */
  gapMaxMs: number;
  /** Reads that brought content events. */
  contentReads: number;
  /** The first request of its connection. */
  cold: boolean;
  /** Output tokens, reasoning included; -1 unknown. */
  tokens: number;
  tokensFrom: "unknown" | "usage" | "tokenizer";
  /** What its socket told; only where a limit asks, and over HTTP/1.1. */
  wire?: Wire;
}

export function createFlight(scenario: number, index: number, intendedMs: number): Flight {
  return {
    scenario,
    step: 0,
    phase: -1,
    client: null,
    answered: null,
    ended: false,
    index,
    intendedMs,
    wakeMs: Number.NaN,
    carriedMs: Number.NaN,
    sendMs: Number.NaN,
    firstByteMs: Number.NaN,
    doneMs: Number.NaN,
    timeoutMs: Number.NaN,
    status: 0,
    retryAfter: false,
    firstContentMs: Number.NaN,
    lastContentMs: Number.NaN,
    contentEvents: 0,
    eventsPerReadMax: 0,
    firstOutputMs: Number.NaN,
    gapMaxMs: Number.NaN,
    contentReads: 0,
    cold: false,
    tokens: -1,
    tokensFrom: "unknown",
  };
}

/** Notes which timeout ended the flight, or the one it ends with; the outcome comes back. */
export function timedOut(
  flight: Flight,
  outcome: TimeoutOutcome,
  timeoutMs: number,
): TimeoutOutcome {
  flight.timeoutMs = timeoutMs;
  return outcome;
}
