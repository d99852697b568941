import type { StubRule } from "../probes/probe.ts";
import {
  cleanCompletion,
  cleanModel,
  contentChunk,
  finishChunk,
  refusal,
  roleChunk,
  usageChunk,
} from "../probes/samples.ts";

export const stubKey = "sk-stub-right-key-0001";
export const stubBodyBytesMax = 64 * 1024;

const chat = "/v1/chat/completions";
const unauthorized = refusal("wrong or missing key", "authentication_error");
const vector = (index: number) => ({ object: "embedding", index, embedding: [0.1, 0.2, 0.3] });

/** A target that keeps every promise of the probes; a saboteur's rules go before these. */
export const cleanRules: readonly StubRule[] = [
  { when: { path: "/" }, status: 200, text: "ok" },
  { when: { path: "/healthz" }, status: 200, json: { status: "ok" } },
  { when: { path: "/v1/loadline-no-such-route" }, status: 404, json: refusal("no such route") },
  { when: { key: "none" }, status: 401, json: unauthorized },
  { when: { key: "wrong" }, status: 401, json: unauthorized },
  {
    when: { path: "/v1/models" },
    status: 200,
    json: { object: "list", data: [{ id: cleanModel, object: "model" }] },
  },
  { when: { body: "oversized" }, status: 413, json: refusal("body too large") },
  { when: { body: "malformed" }, status: 400, json: refusal("not JSON") },
  { when: { body: "unknown-model" }, status: 404, json: refusal("model not found") },
  { when: { body: "invalid" }, status: 400, json: refusal("wrong type") },
  {
    when: { path: "/v1/embeddings" },
    status: 200,
    json: { object: "list", data: [vector(0), vector(1)] },
  },
  {
    when: { path: chat, body: "stream", usageAsked: true },
    status: 200,
    events: [roleChunk, contentChunk, finishChunk, usageChunk, "[DONE]"],
  },
  {
    when: { path: chat, body: "stream" },
    status: 200,
    events: [roleChunk, contentChunk, finishChunk, "[DONE]"],
  },
  { when: { path: chat, body: "plain" }, status: 200, json: cleanCompletion },
];
