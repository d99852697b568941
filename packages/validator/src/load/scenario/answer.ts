import { parseJson } from "@loadline/kit/json";
import type { AnswerReader } from "../clients/client.ts";
import { headerOf } from "../clients/client.ts";
import type { Flight, LoadOutcome } from "../engine/flight.ts";

/** Most bytes of an answer that are kept; the rest is counted and discarded. */
export const keptBytesMax = 1_048_576;

/** What a check looks at. */
export interface AnswerView {
  /** `ok`, or the class of what went wrong. */
  readonly outcome: LoadOutcome;
  /** 0 without an answer. */
  readonly status: number;
  /** Of the body, kept or not. */
  readonly bodyBytes: number;
  /** From sending to the end of the answer, ms; NaN before. */
  readonly serviceMs: number;
  /** Output tokens by the server's usage, -1 unknown. */
  readonly tokens: number;
  /** A header by its lower-case name, "" when absent. */
  header(name: string): string;
  /** The kept body as UTF-8. */
  text(): string;
  /** The kept body as JSON; undefined when it is none. */
  json(): unknown;
}

/** Decides an answer that its protocol's reader took for good: false makes it outcome `check`. */
export type Requirement = (answer: AnswerView) => boolean;

/**
 * Reads an answer through its protocol's reader and keeps what checks and scripts ask for. The
 * reader's stamps and verdict are left as they are; only a required check turns `ok` into `check`.
 */
export class Answer implements AnswerReader, AnswerView {
  outcome: LoadOutcome = "unfinished";
  bodyBytes = 0;
  readonly #inner: AnswerReader;
  readonly #keep: boolean;
  readonly #requirement: Requirement | null;
  flight: Flight | null = null;
  #headers: readonly string[] = [];
  /** Kept pieces of the body; most answers come in one. */
  #body: Buffer | Buffer[] | null = null;
  #text: string | null = null;

  constructor(inner: AnswerReader, keep: boolean, requirement: Requirement | null) {
    this.#inner = inner;
    this.#keep = keep;
    this.#requirement = requirement;
  }

  get status(): number {
    return this.flight?.status ?? 0;
  }

  get serviceMs(): number {
    const flight = this.flight;
    return flight === null ? Number.NaN : flight.doneMs - flight.sendMs;
  }

  get tokens(): number {
    return this.flight?.tokens ?? -1;
  }

  header(name: string): string {
    return headerOf(this.#headers, name);
  }

  text(): string {
    const body = this.#body;
    this.#text ??= (Array.isArray(body) ? Buffer.concat(body) : body)?.toString("utf8") ?? "";
    return this.#text;
  }

  json(): unknown {
    return parseJson(this.text());
  }

  head(flight: Flight, status: number, headers: readonly string[]): void {
    this.flight = flight;
    this.#headers = headers;
    this.#inner.head(flight, status, headers);
  }

  data(flight: Flight, chunk: Buffer, nowMs: number): void {
    this.#inner.data(flight, chunk, nowMs);
    const room = keptBytesMax - this.bodyBytes;
    this.bodyBytes += chunk.length;
    if (!this.#keep || room <= 0) return;
    // Copied: the engine reuses its read buffer.
    const kept = Buffer.allocUnsafe(Math.min(room, chunk.length));
    chunk.copy(kept);
    if (this.#body === null) this.#body = kept;
    else if (Array.isArray(this.#body)) this.#body.push(kept);
    else this.#body = [this.#body, kept];
  }

  end(flight: Flight, nowMs: number): LoadOutcome {
    this.outcome = this.#inner.end(flight, nowMs);
    if (Number.isNaN(flight.doneMs)) flight.doneMs = nowMs;
    if (this.outcome === "ok" && this.#requirement?.(this) === false) this.outcome = "check";
    return this.outcome;
  }

  /** The request's one outcome, known to the engine: also one without any answer. */
  ended(flight: Flight, outcome: LoadOutcome): void {
    this.flight = flight;
    this.outcome = outcome;
  }
}
