import type { ProbeRequest } from "./client.ts";

/** Tokens asked for: enough for a finish reason, cheap for any target. */
const tokensMax = 8;

/** A small chat request; `extra` members are laid over it. */
export function chatRequest(
  model: string,
  extra: Readonly<Record<string, unknown>> = {},
): ProbeRequest {
  return {
    method: "POST",
    path: "/chat/completions",
    json: {
      model,
      messages: [{ role: "user", content: "Say hello." }],
      max_tokens: tokensMax,
      ...extra,
    },
  };
}

/** The same, streamed, with or without the usage chunk. */
export function streamRequest(model: string, usage: boolean): ProbeRequest {
  return chatRequest(model, {
    stream: true,
    ...(usage ? { stream_options: { include_usage: true } } : {}),
  });
}
