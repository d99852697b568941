import { z } from "zod";
import { baseUrl, httpSettings } from "../http-settings.ts";
import { tableProvider } from "../http-target.ts";

const schema = z.strictObject({
  provider: z.literal("anthropic"),
  baseUrl: baseUrl("Base URL, version included.", "https://api.anthropic.com/v1"),
  ...httpSettings,
});

const table = {
  id: "anthropic",
  summary: "Anthropic's messages API; chat is translated.",
  paths: { messages: "/messages" },
  auth: { header: "x-api-key", prefix: "" },
  headers: ["anthropic-version", "2023-06-01"],
  params: { clamp: { temperature: { min: 0, max: 1 } } },
  usage: { streamOption: false },
  errors: [
    { code: /^overloaded_error$/, failure: "overloaded" },
    { code: /^(authentication_error|permission_error|billing_error)$/, failure: "key" },
    { code: /^rate_limit_error$/, failure: "rate_limited" },
    { code: /^(invalid_request_error|request_too_large)$/, failure: "caller" },
    { status: 404, code: /^not_found_error$/, failure: "misconfigured" },
  ],
  end: "required",
  probe: { path: "/models" },
  production: true,
} as const;

/** Anthropic's API. */
export const anthropic = tableProvider(table, schema);
