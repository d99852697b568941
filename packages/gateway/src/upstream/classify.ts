import type { Http1Fault } from "@loadline/kit/http1";
import { parseJson } from "@loadline/kit/json";
import { recordOf } from "../dialects/json.ts";
import type { FailureClass } from "./upstream.ts";

const faultClasses: Readonly<Record<Http1Fault, FailureClass>> = {
  connect: "connect",
  connect_timeout: "timeout",
  tls: "connect",
  dns: "connect",
  reset: "reset",
  protocol: "protocol",
  stale: "reset",
  queue_full: "busy",
  queue_timeout: "busy",
  aborted: "aborted",
};

/** The class of a transport fault. */
export function classifyFault(fault: Http1Fault): FailureClass {
  return faultClasses[fault];
}

/** An error that its status alone would place wrongly. */
export interface ErrorRule {
  readonly status?: number;
  /** Fits the error's `code`, `type` or `status` member. */
  readonly code?: RegExp;
  readonly failure: FailureClass;
}

/**
 * The class of an error answer by its provider's rules, else by its status. A body that is not JSON
 * has no code. Only for errors: costs a parse of the body when a rule asks for a code.
 */
export function classifyError(
  rules: readonly ErrorRule[],
  status: number,
  hasRetryAfter: boolean,
  body: Buffer | undefined,
): FailureClass {
  let codes: readonly string[] | undefined;
  for (const rule of rules) {
    if (rule.status !== undefined && rule.status !== status) continue;
    if (rule.code === undefined) return rule.failure;
    codes ??= errorCodes(body);
    for (const code of codes) if (rule.code.test(code)) return rule.failure;
  }
  return classifyStatus(status, hasRetryAfter);
}

/**
 * The class of an error that an upstream reports within a stream, whatever status a rule is for; where
 * no rule fits and its code is that of an error's status, by that; else `server`.
 */
export function classifyReported(rules: readonly ErrorRule[], event: Buffer): FailureClass {
  const error = reportedOf(event);
  const codes = codesOf(error);
  const rule = rules.find(({ code }) => code && codes.some((named) => code.test(named)));
  if (rule) return rule.failure;
  const status = String(error["code"]);
  return errorStatus.test(status) ? classifyStatus(Number(status), false) : "server";
}

const errorStatus = /^[45]\d\d$/;

/** The error of an event: its member, that of the answer that failed, or the event itself. */
function reportedOf(event: Buffer): Readonly<Record<string, unknown>> {
  const at = event.indexOf("{");
  if (at < 0 || event.length > errorBytesMax) return {};
  const parsed = recordOf(parseJson(event.toString("utf8", at)));
  const error = parsed["error"] ?? recordOf(parsed["response"])["error"];
  return error == null ? parsed : recordOf(error);
}

const errorBytesMax = 65_536;

/** The error of an answer; Google sends a list of one. */
function errorOf(body: Buffer | undefined): Readonly<Record<string, unknown>> {
  if (!body || body.length > errorBytesMax) return {};
  const parsed = parseJson(body.toString());
  const first: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  return recordOf(recordOf(first)["error"]);
}

/** The texts by which an error body names its kind. */
function errorCodes(body: Buffer | undefined): readonly string[] {
  return codesOf(errorOf(body));
}

function codesOf(error: Readonly<Record<string, unknown>>): readonly string[] {
  const details = Array.isArray(error["details"]) ? error["details"] : [];
  const named = [error, ...details.map(recordOf)];
  return named
    .flatMap((at) => [at["code"], at["type"], at["status"], at["reason"]])
    .filter((text) => typeof text === "string");
}

const lengthCodes = /^(context_length_exceeded|exceed_context_size_error|LL_MODEL_CONTEXT)$/;
const lengthWords =
  /prompt is too long|maximum context length|context (size|limit|window)|input token count .*exceeds/i;

/** Whether an error answer says that the prompt is too long for its model: by code, else in words. */
export function saysTooLong(body: Buffer | undefined): boolean {
  return isTooLong(errorOf(body));
}

/** The same of an error that an upstream reports within a stream. */
export function reportsTooLong(event: Buffer): boolean {
  return isTooLong(reportedOf(event));
}

function isTooLong(error: Readonly<Record<string, unknown>>): boolean {
  if (codesOf(error).some((code) => lengthCodes.test(code))) return true;
  const { message } = error;
  return typeof message === "string" && lengthWords.test(message);
}

const callerStatuses: ReadonlySet<number> = new Set([400, 413, 422]);
const keyStatuses: ReadonlySet<number> = new Set([401, 402, 403]);

/** The class of a status outside 200-299. */
export function classifyStatus(status: number, hasRetryAfter: boolean): FailureClass {
  if (callerStatuses.has(status)) return "caller";
  if (status === 429) return "rate_limited";
  if (keyStatuses.has(status)) return "key";
  if (status === 529 || (status === 503 && hasRetryAfter)) return "overloaded";
  if (status >= 500) return "server";
  return "misconfigured";
}
