import { createResponseParser } from "@loadline/kit/http1";
import type { Flight } from "../engine/flight.ts";
import type { AnswerReader } from "./client.ts";
import { feedByChunks, lineEndBytes } from "./whole-chunks.ts";

export interface OpenAnswer {
  /** Hands over what one read brought, at `nowMs`. */
  feed(bytes: Buffer, nowMs: number): void;
  /** The connection closed. */
  close(): void;
  /** What became of it; `open` before its end, else the reader's outcome or the parser's code. */
  readonly outcome: string;
}

/** Reads one answer as a connection of the engine does, without a socket. */
export function openAnswer(reader: AnswerReader, flight: Flight): OpenAnswer {
  const parser = createResponseParser();
  let outcome = "open";
  let nowMs = 0;
  parser.start("POST", {
    head: (status, headers) => {
      flight.status = status;
      reader.head(flight, status, headers);
    },
    data: (chunk) => reader.data(flight, chunk, nowMs),
    wholeChunk: (bytes, _start, from, end) =>
      reader.wholeChunk?.(bytes, from, end - lineEndBytes, nowMs) ?? false,
    end: () => void (outcome = reader.end(flight, nowMs)),
    fail: (code) => void (outcome = code),
  });
  return {
    feed(bytes, at) {
      nowMs = at;
      feedByChunks(parser, bytes);
    },
    close() {
      if (!parser.done) parser.eof();
    },
    get outcome() {
      return outcome;
    },
  };
}
