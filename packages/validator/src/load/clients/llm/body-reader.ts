import { isUtf8 } from "node:buffer";
import type { JsonRecord } from "@loadline/kit/json";
import type { Flight, LoadOutcome } from "../../engine/flight.ts";
import { type AnswerReader, statusOutcome } from "../client.ts";
import { type Dialect, parseObject, Seen } from "./dialect.ts";
import { type ReaderOptions, tokenize } from "./stream-reader.ts";

/** Longest answer kept to be read, in bytes. */
export const bodyBytesMax = 1_048_576;

/** Keeps a whole body up to `bodyBytesMax` and reads it as a JSON object at its end. */
export class JsonBodyReader implements AnswerReader {
  readonly #judge: (body: JsonRecord, flight: Flight, text: string) => LoadOutcome;
  readonly #isLenient: boolean;
  readonly #parts: Buffer[] = [];
  #bytes = 0;

  /**
   * `judge` is asked for 2xx answers that are one JSON object; a lenient reader takes any other body
   * for an empty one.
   */
  constructor(
    judge: (body: JsonRecord, flight: Flight, text: string) => LoadOutcome,
    o: { readonly isLenient?: boolean } = {},
  ) {
    this.#judge = judge;
    this.#isLenient = o.isLenient ?? false;
  }

  head(): void {}

  data(_flight: Flight, chunk: Buffer): void {
    this.#bytes += chunk.length;
    // Copied: the engine reuses its read buffer.
    if (this.#bytes <= bodyBytesMax) this.#parts.push(Buffer.from(chunk));
  }

  end(flight: Flight, nowMs: number): LoadOutcome {
    flight.doneMs = nowMs;
    if (flight.status < 200 || flight.status > 299) return statusOutcome(flight.status);
    const text = this.#text();
    const whole = text === null ? null : parseObject(text);
    const body = whole ?? (this.#isLenient ? {} : null);
    if (body === null || (body["error"] !== undefined && body["error"] !== null)) return "protocol";
    return this.#judge(body, flight, text ?? "");
  }

  /** The body, null when it is too long or no UTF-8. */
  #text(): string | null {
    if (this.#bytes > bodyBytesMax) return null;
    const bytes = Buffer.concat(this.#parts);
    return isUtf8(bytes) ? bytes.toString("utf8") : null;
  }
}

/**
 * A whole answer of a dialect, bad where the model ended by itself without a word. Its time to first token
 * is unknown, never its total time.
 */
export function dialectBodyReader(dialect: Dialect, o: ReaderOptions): AnswerReader {
  const { countTokens } = o;
  return new JsonBodyReader((body, flight) => {
    const seen = new Seen(countTokens !== undefined || o.text !== undefined);
    if (!dialect.readBody(body, seen) || seen.fault !== "none") return "protocol";
    if (seen.content === "none" && !seen.cutShort) return "protocol";
    if (seen.tokens >= 0) {
      flight.tokens = seen.tokens;
      flight.tokensFrom = "usage";
    } else if (countTokens !== undefined) {
      tokenize(flight, countTokens, seen.text);
    }
    flight.lastContentMs = flight.doneMs;
    o.text?.(flight, seen.text);
    o.answered?.(flight);
    return "ok";
  });
}
