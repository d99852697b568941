/**
 * W3C trace context and OTLP spans, as text: headers are read and written without a library, spans
 * are encoded once, when they end.
 *
 * ```ts
 * const parent = readTraceparent(header);
 * const text = encodeSpan({ traceId, spanId, parentId: parent?.spanId, name: "chat", ... });
 * const body = exportRequest(resourceOf({ "service.name": "gateway" }), scope, [text]);
 * ```
 */
export { createSpanIds, readTraceparent, traceparentOf, type TraceParent } from "./context.ts";
export { encodeSpan, exportRequest, rejectedSpans } from "./otlp.ts";
export { type Attributes, type Span, type SpanKind } from "./span.ts";
