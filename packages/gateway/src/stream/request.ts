import { upstreamEdits } from "../body/edits.ts";
import { applyParams } from "../body/members.ts";
import type { BodyProblem, RequestBody } from "../body/request.ts";
import { spliceBytes } from "../body/splice.ts";
import type { Dialect, Translation } from "../dialects/dialect.ts";
import type { Exchange } from "../pipeline/exchange.ts";
import type { Permit } from "../routing/attempts.ts";
import type { Target } from "../routing/routes.ts";
import type { Lane } from "../translate/lane.ts";
import type { UpstreamRequest } from "../upstream/upstream.ts";
import { prefillEdit } from "./resume.ts";

/** One attempt's request and how its answer is to be read. */
export interface PreparedRequest {
  readonly request: UpstreamRequest;
  /** What the upstream answers in. */
  readonly dialect: Dialect;
  readonly translation: Translation | undefined;
  /** The attempt's span, as the upstream was told; undefined where requests are not traced. */
  readonly spanId: string | undefined;
}

const defaultBoundName = "max_tokens";
/** Headers of a client that concern the upstream's API, passed on within one dialect. */
const passedHeaders = new Set(["anthropic-version", "anthropic-beta"]);
/** `req_` */
const idPrefixChars = 4;
/** Of the 24 digits of an id, the last 16 name the span. */
const spanAt = 8;
const unserved: BodyProblem = {
  code: "LL_ROUTE_UNSUPPORTED",
  message: "The target does not serve this operation.",
  param: "model",
};

/**
 * What one target is asked: the client's bytes but for the edits that address the target, or their
 * translation. A problem says what the target cannot be asked.
 */
export function prepareRequest(
  x: Exchange,
  body: RequestBody,
  permit: Permit,
  prefill: string | undefined,
): PreparedRequest | BodyProblem {
  const { target } = permit;
  const lane = target.lanes[body.operation];
  // A translation would begin the answer anew, not go on after what was sent.
  if (!lane || (prefill !== undefined && lane.translate)) return unserved;
  const translation = lane.translate ? translate(x, body, target, lane) : undefined;
  if (translation && "code" in translation) return translation;
  const bytes = translation ? translation.request : ownBytes(x, body, target, prefill);
  const params = target.upstream.rules?.params;
  const spanId = x.trace?.span();
  const request = {
    operation: lane.operation,
    body: params ? applyParams(bytes, params) : bytes,
    isStream: body.isStream,
    traceparent: traceparentFor(x, spanId),
    tracestate: x.picked?.tracestate,
    key: permit.key,
    headers: lane.operation === "messages" && !translation ? versionsOf(x) : undefined,
  };
  return { request, dialect: lane.dialect, translation, spanId };
}

/** The attempt's own span where requests are traced; else what the caller sent, or a trace begun here. */
function traceparentFor(x: Exchange, spanId: string | undefined): string | undefined {
  if (spanId !== undefined) return x.trace?.headerOf(spanId);
  return x.picked?.traceparent ?? unsampledTrace(x.id);
}

/** A trace named by the 24 digits of its request's id, padded as W3C has it; nobody records it. */
function unsampledTrace(requestId: string): string | undefined {
  const digits = requestId.slice(idPrefixChars);
  return digits === "" ? undefined : `00-00000000${digits}-${digits.slice(spanAt)}-00`;
}

function ownBytes(
  x: Exchange,
  body: RequestBody,
  target: Target,
  prefill: string | undefined,
): Buffer {
  const { provider, model, upstream } = target;
  const addUsage = upstream.rules?.streamUsage ?? provider.usage.streamOption;
  const boundName = body.operation === "chat" ? provider.boundName : undefined;
  const outputBound = x.lease?.outputBound;
  const edits = upstreamEdits(body, { model, addUsage, outputBound, boundName });
  const more = prefill === undefined ? undefined : prefillEdit(body, prefill);
  if (more) edits.push(more);
  return spliceBytes(body.bytes, edits);
}

function translate(
  x: Exchange,
  body: RequestBody,
  target: Target,
  lane: Lane,
): Translation | BodyProblem | undefined {
  return lane.translate?.(body, {
    model: target.model,
    unsupported: target.upstream.rules?.unsupported ?? "reject",
    outputBound: x.lease?.outputBound,
    boundName: target.provider.boundName ?? defaultBoundName,
    requestId: x.id,
    createdSeconds: Math.floor(lane.wallMs() / 1000),
  });
}

function versionsOf(x: Exchange): readonly string[] {
  const passed: string[] = [];
  const { headers } = x.client;
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] ?? "").toLowerCase();
    if (passedHeaders.has(name)) passed.push(name, headers[i + 1] ?? "");
  }
  return passed;
}
