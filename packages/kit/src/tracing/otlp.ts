import { isRecord, parseJson } from "@loadline/kit/json";
import type { Attributes, Span, SpanKind } from "./span.ts";

/** Numbers of OTLP's SpanKind. */
const kinds: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3 };
const statusError = 2;
const statusUnset = 0;

/** One span as OTLP/JSON; written once, when the span ends. */
export function encodeSpan(span: Span): string {
  const { traceId, spanId, parentId, name, kind, startMs, endMs, attributes, error } = span;
  const parent = parentId === undefined ? "" : `"parentSpanId":"${parentId}",`;
  const status =
    error === undefined
      ? `{"code":${statusUnset}}`
      : `{"code":${statusError},"message":${JSON.stringify(error)}}`;
  return (
    `{"traceId":"${traceId}","spanId":"${spanId}",${parent}"name":${JSON.stringify(name)},` +
    `"kind":${kinds[kind]},"startTimeUnixNano":"${nanos(startMs)}",` +
    `"endTimeUnixNano":"${nanos(Math.max(startMs, endMs))}",` +
    `"attributes":${encodeAttributes(attributes)},"status":${status}}`
  );
}

/** The body of an OTLP/HTTP JSON request over encoded spans. */
export function exportRequest(
  resource: Attributes,
  scope: { readonly name: string; readonly version: string },
  spans: readonly string[],
): string {
  return (
    `{"resourceSpans":[{"resource":{"attributes":${encodeAttributes(resource)}},` +
    `"scopeSpans":[{"scope":${JSON.stringify(scope)},"spans":[${spans.join(",")}]}]}]}`
  );
}

/** How many spans an accepted request's answer says were refused; 0 for an answer without a word. */
export function rejectedSpans(answer: string): number {
  const value = parseJson(answer);
  const partial = isRecord(value) ? value["partialSuccess"] : undefined;
  const rejected = isRecord(partial) ? Number(partial["rejectedSpans"] ?? 0) : 0;
  return Number.isSafeInteger(rejected) && rejected > 0 ? rejected : 0;
}

function encodeAttributes(attributes: Attributes): string {
  let text = "";
  for (const key in attributes) {
    const value = attributes[key];
    if (value === undefined) continue;
    text += `${text === "" ? "" : ","}{"key":${JSON.stringify(key)},"value":${encodeValue(value)}}`;
  }
  return `[${text}]`;
}

/** 64-bit integers are texts in OTLP/JSON. */
function encodeValue(value: string | number | boolean): string {
  if (typeof value === "string") return `{"stringValue":${JSON.stringify(value)}}`;
  if (typeof value === "boolean") return `{"boolValue":${value}}`;
  return Number.isSafeInteger(value) ? `{"intValue":"${value}"}` : `{"doubleValue":${value}}`;
}

/** Whole microseconds as nanoseconds: a double holds no more of today's time. */
function nanos(ms: number): string {
  return `${Math.round(ms * 1000)}000`;
}
