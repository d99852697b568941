import { encodeRequest } from "@loadline/kit/http1";
import { createSseParser, type SseParser } from "@loadline/kit/sse";
import type { Flight, LoadOutcome } from "../engine/flight.ts";
import { pickIndex } from "../schedule/arrivals.ts";
import type { ChatLoadRequest } from "../types.ts";
import { readChatEvent, readChatBody } from "./chat-json.ts";
import { type AnswerReader, headerOf, type LoadClient, statusOutcome } from "./client.ts";

const bodyBytesMax = 1_048_576;

/** Chat completions of OpenAI's dialect, streamed or not. */
export function createChatClient(
  r: ChatLoadRequest,
  base: { path: string; headers: readonly string[] },
  seed: number,
): LoadClient {
  const prefix = base.path.endsWith("/v1") ? "" : "/v1";
  const path = `${base.path}${r.path ?? `${prefix}/chat/completions`}`;
  const headers = [...base.headers, "content-type", "application/json"];
  const encode = (messages: unknown): Buffer =>
    encodeRequest({
      method: "POST",
      path,
      headers,
      body: Buffer.from(
        JSON.stringify({
          model: r.model,
          messages,
          max_tokens: r.maxTokens,
          stream: r.stream,
          ...(r.stream && { stream_options: { include_usage: true } }),
        }),
      ),
    });
  const prompts = r.prompts ?? [];
  const all =
    prompts.length === 0
      ? [encode(r.messages ?? [])]
      : prompts.map((content) => encode([{ role: "user", content }]));
  const first = all[0] ?? encode([]);
  return {
    method: "POST",
    bytes: (index) => all[pickIndex(seed, index, all.length)] ?? first,
    reader: () => (r.stream ? new StreamReader() : new BodyReader()),
    firstByteMs: 60_000,
    totalMs: 600_000,
  };
}

/**
 * A streamed answer. Ok needs: 2xx, `text/event-stream`, at least one event with choices, and the
 * end marker. The message is done at the marker, whatever the connection does later.
 */
class StreamReader implements AnswerReader {
  readonly #sse: SseParser;
  #flight: Flight | null = null;
  #nowMs = 0;
  #eventsInRead = 0;
  #choices = false;
  #isStream = false;
  #bad: LoadOutcome | null = null;
  #ended = false;

  constructor() {
    this.#sse = createSseParser({
      event: (data, type) => this.#event(data, type),
      fail: () => void (this.#bad ??= "protocol"),
    });
  }

  head(flight: Flight, status: number, headers: readonly string[]): void {
    flight.streamed = true;
    if (status < 200 || status > 299) this.#bad = statusOutcome(status);
    else this.#isStream = /^text\/event-stream\b/i.test(headerOf(headers, "content-type"));
  }

  data(flight: Flight, chunk: Buffer, nowMs: number): void {
    if (!this.#isStream) return;
    this.#flight = flight;
    // Chunks of one read carry one stamp; bundling is counted per stamp.
    if (nowMs !== this.#nowMs) this.#eventsInRead = 0;
    this.#nowMs = nowMs;
    this.#sse.feed(chunk);
  }

  end(flight: Flight, nowMs: number): LoadOutcome {
    if (Number.isNaN(flight.doneMs)) flight.doneMs = nowMs;
    if (this.#bad !== null) return this.#bad;
    // A JSON answer to a stream request.
    if (!this.#isStream) return "protocol";
    if (!this.#ended) return "stream_truncated";
    return this.#choices ? "ok" : "protocol";
  }

  #event(data: string, type: string): void {
    const flight = this.#flight;
    if (flight === null || this.#ended || this.#bad !== null) return;
    if (data === "[DONE]") {
      this.#ended = true;
      flight.doneMs = this.#nowMs;
      return;
    }
    const seen = readChatEvent(data, type);
    if (seen === "malformed") this.#bad = "protocol";
    else if (seen === "error") this.#bad = "stream_error";
    else this.#delta(flight, seen);
  }

  #delta(flight: Flight, seen: { choices: boolean; content: boolean; tokens: number }): void {
    this.#choices ||= seen.choices;
    // Some servers send usage cumulatively: the last one counts.
    if (seen.tokens >= 0) flight.tokens = seen.tokens;
    if (!seen.content) return;
    if (flight.contentEvents === 0) flight.firstContentMs = this.#nowMs;
    flight.lastContentMs = this.#nowMs;
    flight.contentEvents++;
    flight.eventsPerReadMax = Math.max(flight.eventsPerReadMax, ++this.#eventsInRead);
  }
}

/** A whole answer: its time to first token is unknown, never its total time. */
class BodyReader implements AnswerReader {
  readonly #parts: Buffer[] = [];
  #bytes = 0;

  head(): void {}

  data(_flight: Flight, chunk: Buffer): void {
    this.#bytes += chunk.length;
    // Copied: the engine reuses its read buffer.
    if (this.#bytes <= bodyBytesMax) this.#parts.push(Buffer.from(chunk));
  }

  end(flight: Flight, nowMs: number): LoadOutcome {
    flight.doneMs = nowMs;
    if (flight.status < 200 || flight.status > 299) return statusOutcome(flight.status);
    if (this.#bytes > bodyBytesMax) return "protocol";
    const body = readChatBody(Buffer.concat(this.#parts).toString("utf8"));
    if (body === null) return "protocol";
    flight.tokens = body.tokens;
    flight.lastContentMs = nowMs;
    return "ok";
  }
}
