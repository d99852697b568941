import { z } from "zod";
import { baseUrl, httpSettings } from "../http-settings.ts";
import { tableProvider } from "../http-target.ts";
import { openaiErrors } from "../openai-errors.ts";

const schema = z.strictObject({
  provider: z.literal("openai"),
  baseUrl: baseUrl("Base URL, version included.", "https://api.openai.com/v1"),
  ...httpSettings,
});

const table = {
  id: "openai",
  summary: "OpenAI's own API: chat, completions, embeddings, responses.",
  paths: {
    chat: "/chat/completions",
    completions: "/completions",
    embeddings: "/embeddings",
    responses: "/responses",
  },
  auth: { header: "authorization", prefix: "Bearer " },
  boundName: "max_completion_tokens",
  usage: { streamOption: true },
  errors: openaiErrors,
  end: "required",
  probe: { path: "/models" },
  production: true,
} as const;

/** OpenAI's public API. */
export const openai = tableProvider(table, schema);
