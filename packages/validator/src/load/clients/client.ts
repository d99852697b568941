import type { Flight, LoadOutcome } from "../engine/flight.ts";

/** Reads one answer. Every stamp is the time of the read the bytes came with. */
export interface AnswerReader {
  head(flight: Flight, status: number, headers: readonly string[]): void;
  data(flight: Flight, chunk: Buffer, nowMs: number): void;
  /**
   * The data of one whole chunk of a chunked body, `from` to `to`, for the flight of the head; `bytes`
   * is only valid during the call. True: it was read, and no `data` follows for it.
   */
  wholeChunk?(bytes: Buffer, from: number, to: number, nowMs: number): boolean;
  /** It reads no body: `data` may be left out. */
  readonly skipsData?: boolean;
  /** The message ended whole; the outcome is the reader's. */
  end(flight: Flight, nowMs: number): LoadOutcome;
}

/** What a scenario sends and how its answers are read. */
export interface LoadClient {
  readonly method: string;
  /** Whole bytes of request `index`. */
  bytes(index: number): Buffer;
  reader(): AnswerReader;
  /** Longest wait for the first byte and for the whole answer, in ms, unless the plan says. */
  readonly firstByteMs: number;
  readonly totalMs: number;
  /** Both of this request alone, whatever the plan says. */
  readonly ownMs?: number | undefined;
}

/** Class of a status outside the accepted ones. */
export function statusOutcome(status: number): LoadOutcome {
  if (status === 429) return "status_429";
  if (status === 503) return "status_503";
  if (status >= 500) return "status_5xx";
  return status >= 400 ? "status_4xx" : "check";
}

export function headerOf(headers: readonly string[], name: string): string {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === name) return headers[i + 1] ?? "";
  }
  return "";
}

/** Whether a Retry-After is one: whole seconds, or a date. */
export function saysWhen(retryAfter: string): boolean {
  return /^\d{1,10}$/.test(retryAfter) || /^[A-Z][a-z]{2}, .+ GMT$/.test(retryAfter);
}
