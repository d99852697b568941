import { z } from "zod";
import { baseUrl, httpSettings } from "../http-settings.ts";
import { tableProvider } from "../http-target.ts";

const schema = z.strictObject({
  provider: z.literal("gemini"),
  baseUrl: baseUrl(
    "Base URL, version included.",
    "https://generativelanguage.googleapis.com/v1beta",
  ),
  ...httpSettings,
});

const table = {
  id: "gemini",
  summary: "Google's Gemini API; chat is translated.",
  telemetryName: "gcp.gemini",
  paths: { generate: "/models/{model}:generateContent" },
  streamPaths: { generate: "/models/{model}:streamGenerateContent?alt=sse" },
  auth: { header: "x-goog-api-key", prefix: "" },
  usage: { streamOption: false },
  errors: [
    { code: /^(API_KEY_INVALID|PERMISSION_DENIED|UNAUTHENTICATED)$/, failure: "key" },
    { code: /^RESOURCE_EXHAUSTED$/, failure: "rate_limited" },
    { code: /^UNAVAILABLE$/, failure: "overloaded" },
    { status: 404, failure: "misconfigured" },
    { code: /^INVALID_ARGUMENT$/, failure: "caller" },
  ],
  end: "eof",
  probe: { path: "/models?pageSize=1" },
  production: true,
} as const;

/** Google's Gemini API. */
export const gemini = tableProvider(table, schema);
