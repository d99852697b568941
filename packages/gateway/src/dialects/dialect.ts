import type { AttemptRecord, Refusal, Usage } from "../pipeline/exchange.ts";
import type { StreamEvent } from "./events.ts";

export type DialectId =
  | "openai.chat"
  | "openai.completions"
  | "openai.responses"
  | "openai.embeddings"
  | "anthropic.messages"
  | "gemini.generate";

/** How one API speaks: what counts as content, how it ends, how it says that it failed. */
export interface Dialect {
  readonly id: DialectId;
  /** Classifies one server-sent event, given as its text without the closing blank line. */
  classify(text: string): StreamEvent;
  /** Members of an event whose text counts only by not being empty, most frequent first. */
  readonly textKeys?: readonly string[];
  /**
   * Members of a content event whose text is output of the model, whatever stands beside it. Of
   * names in a list, which are spellings of one member, only the longest text counts.
   */
  readonly spokenKeys: readonly (string | readonly string[])[];
  /** Bytes that end a whole stream when the upstream may leave them out; undefined: none exist. */
  readonly endMarker: Buffer | undefined;
  /** Our own error as a body of this dialect. */
  errorBody(refusal: Refusal, requestId: string, attempts?: readonly AttemptRecord[]): string;
  /** Our own error as the last event of a stream. */
  errorFrame(refusal: Refusal, requestId: string): Buffer;
  /** Usage and the presence of content in a whole answer, or what is wrong with it. */
  readAnswer(bytes: Buffer): { readonly usage: Usage | undefined } | string;
  /** Name of the header that carries the request's id. */
  readonly requestIdHeader: "x-request-id" | "request-id";
}

/** Carries one exchange from the client's dialect to another upstream's and back. */
export interface Translation {
  /** The upstream's request body. */
  readonly request: Buffer;
  /** Fields that could not be carried, when they may be dropped. */
  readonly dropped: readonly string[];
  /** A whole answer of the upstream in the client's dialect; undefined when it is none. */
  whole(body: Buffer): Buffer | undefined;
  /** An upstream's error body in the client's envelope. */
  error(body: Buffer): Buffer;
  /** Bytes for the client that one event of the upstream becomes; empty when none. */
  event(text: string): Buffer;
  /** Bytes that complete the client's stream after the upstream's good end. */
  end(): Buffer;
}
