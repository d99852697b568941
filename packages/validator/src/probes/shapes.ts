import { isRecord, type JsonRecord as Json, parseJson } from "@loadline/kit/json";
import type { Exchange } from "./client.ts";

export { isRecord, type Json };

/** A judgement on one shape: null when it holds, else what is wrong, one clause. */
export type Fault = string | null;

/** The body as JSON, or undefined: what a target sends is never trusted to parse. */
export function bodyJson(exchange: Exchange): unknown {
  return parseJson(exchange.body.toString("utf8"));
}

/** `HTTP 200 application/json, 512 bytes` or the fault: how an answer is named in a sentence. */
export function describeAnswer(exchange: Exchange): string {
  if (exchange.status === null) return silenceText(exchange);
  const location = exchange.headers["location"];
  // A login page or another scheme: where it leads says more than what it weighs.
  if (location !== undefined && exchange.status >= 300 && exchange.status < 400) {
    return `HTTP ${exchange.status} to ${shownLocation(location)}`;
  }
  const type = exchange.headers["content-type"] ?? "no content type";
  const fault = exchange.fault === null ? "" : `, then ${exchange.fault}`;
  return `HTTP ${exchange.status} ${type}, ${exchange.bodyBytes} bytes${fault}`;
}

const locationCharsMax = 200;

/** Of a long one no query and no half segment: a piece of a key is nothing that a record would mask. */
function shownLocation(location: string): string {
  if (location.length <= locationCharsMax) return location;
  const [path = ""] = location.split(/[?#]/, 1);
  if (path.length <= locationCharsMax) return path;
  return path.slice(0, Math.max(0, path.lastIndexOf("/", locationCharsMax)));
}

/** What a fault before any answer mostly means; the first that the fault begins with. */
const faultWords: readonly (readonly [string, string])[] = [
  ["connect: ECONNREFUSED", "nothing listens there"],
  ["dns:", "no such host"],
  ["tls: EPROTO", "the port speaks no TLS; is it http://?"],
  ["tls: ERR_SSL_WRONG_VERSION", "the port speaks no TLS; is it http://?"],
  ["tls: CERT_HAS_EXPIRED", "the certificate is over its time"],
  ["tls: ERR_TLS_CERT_ALTNAME", "the certificate is of another name"],
  ["tls: DEPTH_ZERO_SELF_SIGNED", "no authority known here signed the certificate"],
  ["tls: SELF_SIGNED", "no authority known here signed the certificate"],
  ["tls: UNABLE_TO_", "no authority known here signed the certificate"],
  ["reset:", "closed without an answer"],
];

function silenceText({ fault, url }: Exchange): string {
  if (fault === null) return "no answer";
  const words = faultWords.find(([start]) => fault.startsWith(start))?.[1];
  const hint = fault.startsWith("reset:") && url.startsWith("http:") ? "; is it https://?" : "";
  return words === undefined ? fault : `${fault}, ${words}${hint}`;
}

/** What is wrong with the head of an answer that had to have one of these statuses. */
export function headFault(exchange: Exchange, ...wanted: readonly number[]): Fault {
  if (exchange.status !== null && wanted.includes(exchange.status)) return null;
  return `wanted HTTP ${wanted.join(" or ")}, got ${describeAnswer(exchange)}`;
}

/** The same, and the answer ended: a whole body in an open answer keeps the client waiting. */
export function statusFault(exchange: Exchange, ...wanted: readonly number[]): Fault {
  return headFault(exchange, ...wanted) ?? cutFault(exchange);
}

/** What broke an answer off after its head, or left its end unread. */
export function cutFault(exchange: Exchange): Fault {
  if (exchange.fault !== null) return `the answer was cut: ${exchange.fault}`;
  return lengthFault(exchange);
}

/** Of an answer that was not kept whole nothing else is said: its end may be as good as its begin. */
export function lengthFault({ body, bodyBytes }: Exchange): Fault {
  if (bodyBytes <= body.length) return null;
  return `the answer has ${bodyBytes} bytes, of which a prober reads ${body.length}`;
}

/** A media type in lower case, without parameters. */
export const bareType = (type: string): string =>
  (type.split(";", 1)[0] ?? "").trim().toLowerCase();

/** `type/subtype` of an answer, bare; "" when there is none. */
export const mediaType = ({ headers }: Pick<Exchange, "headers">): string =>
  bareType(headers["content-type"] ?? "");

/** OpenAI's envelope: `{ error: { message, type } }` with a message that says something. */
export function envelopeFault(exchange: Exchange): Fault {
  const body = bodyJson(exchange);
  if (!isRecord(body)) return "the error body is not a JSON object";
  const error = body["error"];
  if (!isRecord(error)) return "the error body has no `error` object";
  const message = error["message"];
  if (typeof message !== "string" || message === "") return "`error.message` is missing";
  if (typeof error["type"] !== "string") return "`error.type` is missing";
  return null;
}

/** First fault of several, in order. */
export function firstFault(...faults: readonly (() => Fault)[]): Fault {
  for (const check of faults) {
    const fault = check();
    if (fault !== null) return fault;
  }
  return null;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/**
 * A prober asks with a few words for 8 tokens. A hidden system prompt or hidden reasoning may be
 * counted beside them; more than this is neither, and would be billed.
 */
const tokensMax = 100_000;

/** `usage` with whole numbers that add up and name at least one prompt token. */
export function usageFault(usage: unknown): Fault {
  if (!isRecord(usage)) return "`usage` is missing";
  const prompt = usage["prompt_tokens"];
  const completion = usage["completion_tokens"];
  const total = usage["total_tokens"];
  if (!isCount(prompt) || !isCount(completion) || !isCount(total)) {
    return "`usage` lacks whole token counts";
  }
  const most = Math.max(prompt, completion);
  if (most > tokensMax) return `\`usage\` counts ${most} tokens for a few words`;
  if (prompt < 1) return "`usage.prompt_tokens` is 0";
  if (prompt + completion !== total) {
    return `usage does not add up: ${prompt} + ${completion} is not ${total}`;
  }
  return null;
}

/** Why generation ended; any other word is a fault. */
export const finishReasons: readonly unknown[] = [
  "stop",
  "length",
  "tool_calls",
  "content_filter",
  "function_call",
];
