import { createSseParser, type SseParser } from "@loadline/kit/sse";
import type { Flight, LoadOutcome } from "../../engine/flight.ts";
import { type AnswerReader, headerOf, statusOutcome } from "../client.ts";
import { Utf8Reads } from "../utf8.ts";
import { type Dialect, Seen } from "./dialect.ts";
import { RepeatedEvent } from "./repeated.ts";

/** Where the gaps between content events of one stream go, in ms. */
export type GapSink = (flight: Flight, gapMs: number) => void;

/** Counts the tokens of a text, -1 when it cannot; never throws. */
export type TokenCounter = (text: string) => number;

export interface ReaderOptions {
  /** Told of every gap between two content events, as they come. */
  readonly gap?: GapSink;
  /** Counts output tokens where the server tells no usage. */
  readonly countTokens?: TokenCounter;
  /** Told of every ok answer, when all of its figures are known. */
  readonly answered?: (flight: Flight) => void;
  /** Told of the text of every ok answer, cut at 1 MiB. */
  readonly text?: (flight: Flight, text: string) => void;
}

const keptTextMax = 1_048_576;

/**
 * A streamed answer. Ok needs: 2xx, `text/event-stream`, at least one event of the dialect, content or
 * a reason why there is none, and its end marker. The message is done at the marker, whatever the connection does later. Stamps are
 * those of the read an event ended in; a content event is one that carries content of any choice.
 */
export class StreamReader implements AnswerReader {
  readonly #dialect: Dialect;
  readonly #options: ReaderOptions;
  readonly #seen: Seen;
  readonly #sse: SseParser;
  readonly #utf8 = new Utf8Reads();
  readonly #repeated = new RepeatedEvent();
  #flight: Flight | null = null;
  #nowMs = Number.NaN;
  #eventsInRead = 0;
  #answered = false;
  #isStream = false;
  #bad: LoadOutcome | null = null;
  #ended = false;
  #cutShort = false;
  #text = "";

  constructor(dialect: Dialect, o: ReaderOptions) {
    this.#dialect = dialect;
    this.#options = o;
    this.#seen = new Seen(o.countTokens !== undefined || o.text !== undefined);
    this.#sse = createSseParser({
      event: (data, type) => this.#event(data, type),
      fail: () => void (this.#bad ??= "protocol"),
    });
  }

  head(flight: Flight, status: number, headers: readonly string[]): void {
    this.#flight = flight;
    if (status < 200 || status > 299) this.#bad = statusOutcome(status);
    else this.#isStream = isEventStream(headerOf(headers, "content-type"));
  }

  data(_flight: Flight, chunk: Buffer, nowMs: number): void {
    if (!this.#isStream) return;
    this.#begin(nowMs);
    const valid = this.#utf8.feed(chunk);
    if (valid === chunk.length) {
      this.#sse.feed(chunk);
      return;
    }
    // What came before it came before it, in whichever read.
    this.#sse.feed(chunk.subarray(0, valid));
    this.#bad ??= "protocol";
  }

  /** An event of the last one's shape, by its bytes; any other is to be fed. */
  wholeChunk(bytes: Buffer, from: number, to: number, nowMs: number): boolean {
    const flight = this.#flight;
    const isReading = this.#isStream && this.#bad === null && !this.#ended;
    if (flight === null || !isReading || !this.#sse.isBetween) return false;
    const seen = this.#seen;
    seen.clear();
    if (!this.#repeated.readBytes(bytes, from, to, seen)) return false;
    this.#begin(nowMs);
    this.#answered = true;
    if (seen.content !== "none") this.#content(flight, seen);
    return true;
  }

  #begin(nowMs: number): void {
    // Chunks of one read carry one stamp; bundling is counted per stamp.
    if (nowMs !== this.#nowMs) this.#eventsInRead = 0;
    this.#nowMs = nowMs;
  }

  end(flight: Flight, nowMs: number): LoadOutcome {
    if (Number.isNaN(flight.doneMs)) flight.doneMs = nowMs;
    if (this.#bad !== null) return this.#bad;
    // A JSON answer to a stream request.
    if (!this.#isStream) return "protocol";
    if (!this.#ended) return "stream_truncated";
    if (!this.#answered) return "protocol";
    if (flight.contentEvents === 0 && !this.#cutShort) return "protocol";
    const { countTokens } = this.#options;
    if (flight.tokens < 0 && countTokens !== undefined && this.#text.length < keptTextMax) {
      tokenize(flight, countTokens, this.#text);
    }
    this.#options.text?.(flight, this.#text);
    this.#options.answered?.(flight);
    return "ok";
  }

  #event(data: string, type: string): void {
    const flight = this.#flight;
    if (flight === null || this.#ended || this.#bad !== null) return;
    const seen = this.#seen;
    seen.clear();
    if (!this.#repeated.read(data, type, seen)) {
      this.#dialect.readEvent(data, type, seen);
      this.#repeated.learn(data, type, seen);
    }
    if (seen.fault !== "none") {
      this.#bad = seen.fault;
      return;
    }
    if (seen.answer) this.#answered = true;
    if (seen.cutShort) this.#cutShort = true;
    // Some servers send usage cumulatively: the last one counts.
    if (seen.tokens >= 0) {
      flight.tokens = seen.tokens;
      flight.tokensFrom = "usage";
    }
    if (seen.content !== "none") this.#content(flight, seen);
    if (seen.ended) {
      this.#ended = true;
      flight.doneMs = this.#nowMs;
    }
  }

  #content(flight: Flight, seen: Seen): void {
    const nowMs = this.#nowMs;
    if (seen.keepsText && this.#text.length < keptTextMax) this.#text += seen.text;
    if (seen.content === "output" && Number.isNaN(flight.firstOutputMs)) {
      flight.firstOutputMs = nowMs;
    }
    if (flight.contentEvents === 0) flight.firstContentMs = nowMs;
    else {
      const gapMs = nowMs - flight.lastContentMs;
      if (!(gapMs <= flight.gapMaxMs)) flight.gapMaxMs = gapMs;
      this.#options.gap?.(flight, gapMs);
    }
    flight.lastContentMs = nowMs;
    flight.contentEvents++;
    if (++this.#eventsInRead === 1) flight.contentReads++;
    if (this.#eventsInRead > flight.eventsPerReadMax) flight.eventsPerReadMax = this.#eventsInRead;
  }
}

/** Counts the tokens of an answer whose server told none; -1 stays unknown. */
export function tokenize(flight: Flight, countTokens: TokenCounter, text: string): void {
  flight.tokens = countTokens(text);
  if (flight.tokens >= 0) flight.tokensFrom = "tokenizer";
}

function isEventStream(type: string): boolean {
  const name = "text/event-stream";
  if (type.slice(0, name.length).toLowerCase() !== name) return false;
  const next = type.charAt(name.length);
  return next === "" || next === ";" || next === " ";
}
