/** How the target behaves. Every part is off unless given, and can be changed while it runs. */
export interface TargetOptions {
  /** Draws the error share and the losses; equal seeds, equal sequences. Default 1. */
  readonly seed?: number;
  /** Every plain answer waits this long, in ms; the second port waits a tenth longer. */
  readonly delayMs?: number;
  /** This share (0..1) of plain answers waits `delayMs` in place of the common delay. */
  readonly slow?: { readonly share: number; readonly delayMs: number };
  /** The whole process stands still for `stallMs` of each `everyMs`. */
  readonly stall?: { readonly stallMs: number; readonly everyMs: number };
  /** This share (0..1) of plain answers has `status`. */
  readonly errors?: { readonly share: number; readonly status: number };
  /** 429 for every plain request after the first `after`. */
  readonly quota?: { readonly after: number; readonly retryAfterSeconds?: number };
  /** 401 for requests without this bearer token. */
  readonly token?: string;
  readonly faults?: FaultOptions;
  readonly stream?: StreamOptions;
  readonly rag?: RagOptions;
  readonly mcp?: McpOptions;
  readonly rooms?: RoomOptions;
  /**
   * A lie: plain answers leave this many ms after the target stamped them as done. Knocks out
   * "right at rest": a generator that still agrees with this target measures nothing.
   */
  readonly hiddenDelayMs?: number;
}

/** Shares (0..1) of plain requests that meet each fault; one request meets at most one. */
export interface FaultOptions {
  /** The connection is reset in place of an answer. */
  readonly reset?: number;
  /** The answer stops in its body and the connection closes. */
  readonly truncate?: number;
  /** The connection closes without an answer. */
  readonly close?: number;
  /** Bytes that are no HTTP. */
  readonly garbage?: number;
  /** New connections are read only after this long, in ms. */
  readonly slowAcceptMs?: number;
}

/** Streamed chat answers. */
export interface StreamOptions {
  readonly chunks: number;
  readonly gapMs: number;
  /** Before the first event, in ms. */
  readonly firstMs?: number;
  /** All events leave in one write, after the time they would have taken. */
  readonly buffered?: boolean;
  /** No `[DONE]`: the body ends whole without its end marker. */
  readonly noEndMarker?: boolean;
  /** Streams stop after this many chunks and the connection closes. */
  readonly cutAfter?: number;
  /** Writes of a corpus case, each base64 after its own delay, in place of all of the above. */
  readonly writes?: readonly { readonly afterMs: number; readonly base64: string }[];
}

export interface RagOptions {
  /** From the acknowledgement of an ingest until queries find it, in ms. */
  readonly visibleMs?: number;
  /** This share of what was ingested is never found. */
  readonly forget?: number;
  /** Queries also find what other tenants ingested. */
  readonly leak?: boolean;
}

export interface McpOptions {
  /** Shares (0..1) of `tools/call`. */
  readonly toolErrors?: number;
  readonly protocolErrors?: number;
  /** 2025-11-25 only: sessions are forgotten after this many requests. */
  readonly sessionAfter?: number;
  /** Replies as server-sent events in place of JSON. */
  readonly sse?: boolean;
  /** 2026-07-28 only: this share of calls asks for more input. */
  readonly inputRequired?: number;
}

export interface RoomOptions {
  /** This share (0..1) of deliveries is dropped. */
  readonly loss?: number;
  readonly duplicate?: number;
  /** Senders are told the message reached everybody even when deliveries were dropped. */
  readonly lie?: boolean;
}
