import { expect, it } from "vitest";
import { classifyError, classifyReported } from "../upstream/classify.ts";
import { findProvider } from "./index.ts";

const rulesOf = (provider: string) => findProvider(provider)?.errors ?? [];
const google = (status: string) => [{ error: { code: 1, message: "x", status } }];
const openai = (code: string) => ({ error: { message: "x", type: "t", code } });
const anthropic = (type: string) => ({ type: "error", error: { type, message: "x" } });

it.each([
  ["gemini", 500, google("INTERNAL"), "server"],
  ["gemini", 503, google("UNAVAILABLE"), "overloaded"],
  ["gemini", 429, google("RESOURCE_EXHAUSTED"), "rate_limited"],
  ["gemini", 400, google("INVALID_ARGUMENT"), "caller"],
  ["gemini", 400, google("API_KEY_INVALID"), "key"],
  ["gemini", 404, google("NOT_FOUND"), "misconfigured"],
  ["openai", 429, openai("insufficient_quota"), "key"],
  ["openai", 429, openai("rate_limit_exceeded"), "rate_limited"],
  ["openai", 401, { error: { message: "x", type: "invalid_request_error", code: null } }, "key"],
  ["openai", 400, openai("context_length_exceeded"), "caller"],
  ["openai", 404, openai("model_not_found"), "misconfigured"],
  ["azure-openai", 400, openai("content_filter"), "caller"],
  ["azure-openai", 404, openai("DeploymentNotFound"), "misconfigured"],
  ["anthropic", 529, anthropic("overloaded_error"), "overloaded"],
  ["anthropic", 403, anthropic("permission_error"), "key"],
  ["anthropic", 413, anthropic("request_too_large"), "caller"],
  ["anthropic", 500, anthropic("api_error"), "server"],
] as const)("%s: %i %j is %s", (provider, status, body, failure) => {
  const bytes = Buffer.from(JSON.stringify(body));
  expect(classifyError(rulesOf(provider), status, false, bytes)).toBe(failure);
});

it.each([
  ["gemini", google("INTERNAL")[0], "server"],
  ["anthropic", anthropic("overloaded_error"), "overloaded"],
  ["anthropic", anthropic("api_error"), "server"],
  ["openai", openai("insufficient_quota"), "key"],
  ["openai", openai("context_length_exceeded"), "caller"],
  ["openai", openai("content_filter"), "caller"],
  ["openai", openai("rate_limit_exceeded"), "rate_limited"],
  ["openai", { error: { message: "x", type: "invalid_request_error", code: null } }, "caller"],
  [
    "openai",
    { error: { message: "x", type: "invalid_request_error", code: "invalid_api_key" } },
    "key",
  ],
  ["openai-compatible", { error: { message: "x", code: "400" } }, "caller"],
  ["openai-compatible", { error: { message: "x", code: 401 } }, "key"],
  ["openai-compatible", { error: { message: "x", code: 503 } }, "server"],
] as const)("%s: %j within a stream is %s", (provider, body, failure) => {
  const event = Buffer.from(`data: ${JSON.stringify(body)}`);
  const rules = rulesOf(provider);
  expect(classifyReported(rules, event)).toBe(failure);
});
