import type { Usage } from "../pipeline/exchange.ts";
import { countOf, isRecord } from "./json.ts";

/** `usage` of a chat, completions or embeddings answer; undefined when absent or malformed. */
export function openaiUsage(value: unknown): Usage | undefined {
  if (!isRecord(value)) return undefined;
  const inputTokens = countOf(value["prompt_tokens"]);
  const outputTokens = countOf(value["completion_tokens"] ?? 0);
  return inputTokens === undefined || outputTokens === undefined
    ? undefined
    : { inputTokens, outputTokens };
}
