import { createSseParser, type SseParser } from "@loadline/kit/sse";
import { type JsonRecord, isRecord } from "@loadline/kit/json";
import type { Flight, LoadOutcome } from "../../engine/flight.ts";
import { type AnswerReader, headerOf, statusOutcome } from "../client.ts";
import { Utf8Reads } from "../utf8.ts";
import { bodyBytesMax } from "../llm/body-reader.ts";
import { parseBytes, parseObject } from "../llm/dialect.ts";
import type { McpReply } from "./options.ts";

/**
 * Reads the answer to one message, as JSON or as a stream of events in which notifications and
 * requests of the server may come first. Of a stream the answer is done with the event that
 * replies.
 */
export class McpReader implements AnswerReader {
  readonly reply: McpReply = { kind: "transport", code: null, result: null };
  /** What the server calls the session, "" when it names none. */
  session = "";
  readonly #id: number | null;
  readonly #judge: (reply: McpReply) => LoadOutcome;
  #sse: SseParser | null = null;
  readonly #utf8 = new Utf8Reads();
  #parts: Buffer[] = [];
  #bytes = 0;
  #nowMs = 0;
  #doneMs = Number.NaN;
  #isMalformed = false;

  /** `judge` is asked once a reply came with a 2xx. */
  constructor(id: number | null, judge: (reply: McpReply) => LoadOutcome) {
    this.#id = id;
    this.#judge = judge;
  }

  head(_flight: Flight, _status: number, headers: readonly string[]): void {
    this.session = headerOf(headers, "mcp-session-id");
    if (!headerOf(headers, "content-type").toLowerCase().startsWith("text/event-stream")) return;
    this.#sse = createSseParser({
      // An event without data only makes a later reconnection possible.
      event: (data) => {
        if (data !== "") this.#message(parseObject(data));
      },
      fail: () => void (this.#isMalformed = true),
    });
  }

  data(_flight: Flight, chunk: Buffer, nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#sse !== null) {
      if (this.#utf8.feed(chunk) < chunk.length) this.#isMalformed = true;
      this.#sse.feed(chunk);
      return;
    }
    this.#bytes += chunk.length;
    // Copied: the engine reuses its read buffer.
    if (this.#bytes <= bodyBytesMax) this.#parts.push(Buffer.from(chunk));
  }

  end(flight: Flight, nowMs: number): LoadOutcome {
    if (this.#sse === null && this.#bytes > 0) {
      this.#nowMs = nowMs;
      const isKept = this.#bytes <= bodyBytesMax;
      this.#message(isKept ? parseBytes(Buffer.concat(this.#parts)) : null);
    }
    flight.doneMs = Number.isNaN(this.#doneMs) ? nowMs : this.#doneMs;
    if (flight.status < 200 || flight.status > 299) return statusOutcome(flight.status);
    if (this.#id === null) return "ok";
    if (this.#isMalformed) return "protocol";
    // Whole, but without a reply.
    if (this.reply.kind === "transport")
      return this.#sse === null ? "protocol" : "stream_truncated";
    return this.#judge(this.reply);
  }

  #message(message: JsonRecord | null): void {
    if (message === null || message["jsonrpc"] !== "2.0") {
      this.#isMalformed = true;
      return;
    }
    // A reply already came, or this is a notification, a request of the server or another's reply.
    if (!Number.isNaN(this.#doneMs) || "method" in message) return;
    const error = message["error"];
    // An error without an id answers what could not be read.
    const isOurs = message["id"] === this.#id || (isRecord(error) && message["id"] === null);
    if (!isOurs) return;
    this.#doneMs = this.#nowMs;
    const { reply } = this;
    if (isRecord(error)) {
      reply.kind = "protocol_error";
      reply.code = typeof error["code"] === "number" ? error["code"] : null;
    } else if (isRecord(message["result"])) {
      reply.result = message["result"];
      reply.kind = kindOf(message["result"]);
    } else {
      this.#isMalformed = true;
    }
  }
}

function kindOf(result: JsonRecord): McpReply["kind"] {
  if (result["resultType"] === "input_required") return "input_required";
  return result["isError"] === true ? "tool_error" : "ok";
}
