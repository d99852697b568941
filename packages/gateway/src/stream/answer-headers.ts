import { dialectOf } from "../dialects/index.ts";
import type { Exchange } from "../pipeline/exchange.ts";
import { droppedNames } from "./dropped-names.ts";

/** Type of every answer that is no stream: an upstream's own is not told to a client. */
export const wholeType = "application/json";

export interface AnswerFacts {
  /** Whose answer it is; undefined while nobody has answered. */
  readonly target: string | undefined;
  /** Attempts begun so far. */
  readonly attempts: number;
  readonly isHedged: boolean;
  /** Fields a translation could not carry. */
  readonly dropped: readonly string[] | undefined;
}

/** Flat list of the headers of an answer that an upstream gave. */
export function answerHeaders(x: Exchange, contentType: string, facts: AnswerFacts): string[] {
  const idHeader = dialectOf(x.operation.id).requestIdHeader;
  const headers = ["content-type", contentType, idHeader, x.id];
  if (facts.target !== undefined) headers.push("x-loadline-target", facts.target);
  headers.push("x-loadline-attempts", String(facts.attempts), "cache-control", "no-store");
  if (facts.isHedged) headers.push("x-loadline-hedged", "1");
  if (facts.dropped && facts.dropped.length > 0)
    headers.push("x-loadline-dropped", droppedNames(facts.dropped));
  if (x.isAuthStale) headers.push("x-loadline-degraded", "auth");
  if (x.lease) for (const text of x.lease.headers) headers.push(text);
  return headers;
}
