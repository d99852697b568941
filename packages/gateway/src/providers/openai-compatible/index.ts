import { z } from "zod";
import { baseUrl, httpSettings } from "../http-settings.ts";
import { openHttpTarget } from "../http-target.ts";
import { openaiErrors } from "../openai-errors.ts";
import type { Provider } from "../provider.ts";

const operations = ["chat", "completions", "embeddings", "responses", "messages"] as const;

const schema = z.strictObject({
  provider: z.literal("openai-compatible"),
  baseUrl: baseUrl("Base URL up to and including the version, such as https://host.test/v1."),
  serves: z
    .array(z.enum(operations))
    .min(1)
    .default(["chat", "completions", "embeddings"])
    .describe("Operations the server has; others are translated to these where that is possible."),
  endMarker: z
    .enum(["required", "optional"])
    .default("required")
    .describe("Whether a stream that ended after its finish, without [DONE], was cut."),
  streamUsage: z
    .boolean()
    .default(true)
    .describe("Whether the server knows stream_options.include_usage."),
  ...httpSettings,
});

const table = {
  id: "openai-compatible",
  summary: "Any OpenAI-shaped server at a base URL; bytes pass through.",
  paths: {
    chat: "/chat/completions",
    completions: "/completions",
    embeddings: "/embeddings",
    responses: "/responses",
    messages: "/messages",
  },
  auth: { header: "authorization", prefix: "Bearer " },
  usage: { streamOption: true },
  errors: openaiErrors,
  end: "required",
  probe: { path: "/models" },
  production: true,
} as const;

/** Any server that speaks OpenAI's API at a base URL: vLLM, llama-server, Ollama, a proxy. */
export const openaiCompatible: Provider = {
  ...table,
  schema,
  open(name, target, deps) {
    const parsed = schema.parse(target);
    const { provider: _, unsupported, model, serves, endMarker, ...settings } = parsed;
    const { streamUsage, ...http } = settings;
    const rules = { unsupported, serves, end: endMarker, streamUsage };
    return openHttpTarget(table, { name, ...http, variables: { model }, rules }, deps);
  },
};
