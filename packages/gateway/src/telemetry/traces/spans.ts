import { type Attributes, encodeSpan } from "@loadline/kit/tracing";
import type { AttemptRecord, Exchange, Exit, Usage, UsageSource } from "../../pipeline/exchange.ts";
import type { OperationId } from "../../pipeline/operations.ts";
import type { Target } from "../../routing/routes.ts";
import type { ExchangeTrace } from "./exchange-trace.ts";

export interface SpanFacts {
  readonly trace: ExchangeTrace;
  /** Wall-clock ms less monotonic ms. */
  readonly wallOffsetMs: number;
  targetOf(name: string): Target | undefined;
}

/** Values of `gen_ai.operation.name`. */
const genAiOperations: Readonly<Partial<Record<OperationId, string>>> = {
  chat: "chat",
  completions: "text_completion",
  embeddings: "embeddings",
  responses: "chat",
  messages: "chat",
};
/** A stage that was over sooner gets no span of its own. */
const stageMsMin = 1;

/**
 * The encoded spans of one exchange: the server's own, one for each attempt, one for each stage that
 * took 1 ms or more. Nothing in them comes from a body, a key or a header, but for the trace's ids.
 */
export function spansOf(x: Exchange, end: Exit, facts: SpanFacts): string[] {
  const spans = [serverSpan(x, end, facts)];
  for (const attempt of x.attempts) spans.push(attemptSpan(x, attempt, facts));
  pushStages(x, spans, facts);
  return spans;
}

function serverSpan(x: Exchange, end: Exit, { trace, wallOffsetMs }: SpanFacts): string {
  const { operation, route, usage } = x;
  const error = end.status >= 500 || end.reason === "cut" ? (end.code ?? end.reason) : undefined;
  return encodeSpan({
    traceId: trace.traceId,
    spanId: trace.spanId,
    parentId: trace.parentId,
    name: `POST ${operation.path}`,
    kind: "server",
    startMs: x.startedMs + wallOffsetMs,
    endMs: x.endedMs + wallOffsetMs,
    error,
    attributes: {
      "http.request.method": "POST",
      "http.route": operation.path,
      "http.response.status_code": end.status,
      "error.type": error,
      "gen_ai.operation.name": genAiOperations[operation.id],
      // Only a model of the configuration has a route; any other name is the caller's own text.
      "gen_ai.request.model": route ? x.body?.model : undefined,
      "gen_ai.request.stream": x.body?.isStream,
      ...usageOf(usage),
      "loadline.request.id": x.id,
      "loadline.tenant.id": x.principal?.tenantId,
      "loadline.route": route?.name,
      "loadline.exit": end.reason,
      "loadline.code": end.code,
      "loadline.attempts": x.attempts.length,
      "loadline.ttft_seconds": x.contentMs < 0 ? undefined : x.contentMs / 1000,
      "loadline.upstream_seconds": x.upstreamMs / 1000,
    },
  });
}

function attemptSpan(x: Exchange, attempt: AttemptRecord, facts: SpanFacts): string {
  const { trace, wallOffsetMs } = facts;
  const { failure, span } = attempt;
  const target = facts.targetOf(attempt.target);
  const operation = genAiOperations[x.operation.id];
  const error = failure === "ok" || failure === "aborted" ? undefined : failure;
  return encodeSpan({
    traceId: trace.traceId,
    spanId: span ? span.id : trace.span(),
    parentId: trace.spanId,
    name: `${operation ?? x.operation.id} ${target?.model ?? attempt.target}`,
    kind: "client",
    startMs: (span ? span.startedMs : x.startedMs) + wallOffsetMs,
    endMs: (span ? span.endedMs : x.endedMs) + wallOffsetMs,
    error,
    attributes: {
      "gen_ai.operation.name": operation,
      ...targetAttributes(target),
      ...usageOf(attempt.usage),
      "http.response.status_code": attempt.status > 0 ? attempt.status : undefined,
      "error.type": error,
      "loadline.target": attempt.target,
      "loadline.usage.source": attempt.usage && sourceOf(attempt.usage),
    },
  });
}

/** A target that left the configuration meanwhile has none. */
function targetAttributes(target: Target | undefined): Attributes {
  if (!target) return {};
  const { provider, model } = target;
  return {
    "gen_ai.provider.name": provider.telemetryName ?? provider.id,
    "gen_ai.request.model": model,
  };
}

function sourceOf({ source }: Usage): UsageSource {
  return source ?? "provider";
}

function usageOf(usage: Usage | undefined): Attributes {
  if (!usage || usage.source === "none" || usage.source === "unknown") return {};
  return {
    "gen_ai.usage.input_tokens": usage.inputTokens,
    "gen_ai.usage.output_tokens": usage.outputTokens,
    "gen_ai.usage.cache_read.input_tokens": usage.cachedTokens,
  };
}

function pushStages(x: Exchange, spans: string[], { trace, wallOffsetMs }: SpanFacts): void {
  const { stages } = trace;
  for (let i = 0; i < stages.length; i++) {
    const stage = stages[i];
    // What the call did is told by its attempts.
    if (!stage || stage.id === "call") continue;
    const endMs = stages[i + 1]?.atMs ?? x.endedMs;
    if (endMs - stage.atMs < stageMsMin) continue;
    spans.push(
      encodeSpan({
        traceId: trace.traceId,
        spanId: trace.span(),
        parentId: trace.spanId,
        name: stage.id,
        kind: "internal",
        startMs: stage.atMs + wallOffsetMs,
        endMs: endMs + wallOffsetMs,
        error: undefined,
        attributes: { "loadline.stage": stage.id },
      }),
    );
  }
}
