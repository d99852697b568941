import type { Exchange } from "../pipeline/exchange.ts";

/**
 * What the first content of an answer is: the first event of a stream that says something, or all of
 * an answer that is none. How long one takes says nothing of the other.
 */
export type AnswerKind = "stream" | "whole";

export function answerKindOf(x: Exchange): AnswerKind {
  return x.body?.isStream === true ? "stream" : "whole";
}
