import { upstreamEdits } from "../body/edits.ts";
import type { RequestBody } from "../body/request.ts";
import { spliceBytes } from "../body/splice.ts";
import type { Exchange } from "../pipeline/exchange.ts";
import type { Permit } from "../routing/attempts.ts";
import type { UpstreamRequest } from "../upstream/upstream.ts";
import { prefillEdit } from "./resume.ts";

/** What one target is asked: the client's bytes but for the edits that address the target. */
export function upstreamRequest(
  x: Exchange,
  body: RequestBody,
  permit: Permit,
  prefill: string | undefined,
): UpstreamRequest {
  const { provider, model } = permit.target;
  const addUsage = provider.usage.streamOption;
  const edits = upstreamEdits(body, { model, addUsage, outputBound: x.lease?.outputBound });
  const more = prefill === undefined ? undefined : prefillEdit(body, prefill);
  if (more) edits.push(more);
  return {
    operation: x.operation.id === "embeddings" ? "embeddings" : "chat",
    body: spliceBytes(body.bytes, edits),
    isStream: body.isStream,
    traceparent: x.picked?.traceparent,
    key: permit.key,
  };
}
