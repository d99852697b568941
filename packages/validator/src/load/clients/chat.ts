import type { LoadClient } from "./client.ts";
import { createLlmClient } from "./llm/llm-client.ts";
import type { LlmLoadRequest } from "./llm/request.ts";

/** Requests of one dialect, the prompt of each picked by `seed`. */
export function createChatClient(
  r: LlmLoadRequest,
  base: { path: string; headers: readonly string[] },
  seed: number,
): LoadClient {
  return createLlmClient(r, base, { seed });
}
