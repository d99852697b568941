import type { JsonRecord } from "../dialects/json.ts";
import type { Usage } from "../pipeline/exchange.ts";
import type { Answer, Ask, Delta, Losses } from "./neutral.ts";

/** What an answer's writer knows of its request. */
export interface AnswerContext {
  /** Names the answer where the upstream did not. */
  readonly requestId: string;
  /** Seconds since the epoch. */
  readonly createdSeconds: number;
  /** Whether the client asked for the usage of its stream. */
  readonly wantsUsage: boolean;
}

export interface WriteContext {
  readonly model: string;
  /** Most output tokens, 0 for no bound. */
  readonly outputBound: number;
  readonly boundName: string;
}

/** The client's side of a dialect: reads its requests, writes its answers. */
export interface ClientCodec {
  /** Reads a parsed request; what it does not know goes to `losses`. */
  readAsk(body: JsonRecord, losses: Losses): Ask;
  writeAnswer(answer: Answer, context: AnswerContext): unknown;
  /** Writes one stream. */
  stream(context: AnswerContext): StreamWriter;
  writeError(error: UpstreamError, context: AnswerContext): unknown;
}

export interface StreamWriter {
  /** Text of the events that say this; "" when it waits for more. */
  write(delta: Delta): string;
  /** Text of the events that complete the stream. */
  end(): string;
}

/** The upstream's side of a dialect: writes requests, reads answers. */
export interface UpstreamCodec {
  writeAsk(ask: Ask, context: WriteContext, losses: Losses): unknown;
  /** Reads a parsed answer; undefined when it is none. */
  readAnswer(body: JsonRecord, context: AnswerContext): Answer | undefined;
  /** Reads one stream: each call takes the parsed data of the next event. */
  stream(context: AnswerContext): (event: JsonRecord) => readonly Delta[];
}

/** What an upstream's error body says. */
export interface UpstreamError {
  readonly message: string;
  readonly code: string | null;
  readonly param: string | null;
}

/** Usage when the upstream reported none. */
export const noCounts: Usage = { inputTokens: 0, outputTokens: 0 };
