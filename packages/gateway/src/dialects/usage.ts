import type { Usage } from "../pipeline/exchange.ts";
import { countOf, isRecord, type JsonRecord, recordOf } from "./json.ts";

/** Where a usage object keeps its counts: a member, or a member of a member. */
export interface UsageFields {
  /** Added up. */
  readonly input: readonly string[];
  /** Added up. */
  readonly output: readonly string[];
  readonly cached: readonly string[];
  readonly reasoning: readonly string[];
}

/**
 * Reads usage by a table; undefined when it gives no count. Counts are integers of 0 to 100 million,
 * and what is a part of another is no more than that, whatever the upstream says.
 */
export function usageReader(fields: UsageFields): (value: unknown) => Usage | undefined {
  return (value) => {
    if (!isRecord(value)) return undefined;
    const inputTokens = sumOf(value, fields.input);
    const outputTokens = sumOf(value, fields.output);
    if (inputTokens === undefined && outputTokens === undefined) return undefined;
    const usage = { inputTokens: inputTokens ?? 0, outputTokens: outputTokens ?? 0 };
    const cachedTokens = Math.min(countAt(value, fields.cached) ?? 0, usage.inputTokens);
    const reasoningTokens = Math.min(countAt(value, fields.reasoning) ?? 0, usage.outputTokens);
    if (!cachedTokens && !reasoningTokens) return usage;
    return {
      ...usage,
      ...(cachedTokens && { cachedTokens }),
      ...(reasoningTokens && { reasoningTokens }),
    };
  };
}

/** The larger count of each kind: usage that a stream reports in parts or cumulatively. */
export function laterUsage(earlier: Usage | undefined, later: Usage): Usage {
  if (!earlier) return later;
  const cachedTokens = Math.max(earlier.cachedTokens ?? 0, later.cachedTokens ?? 0);
  const reasoningTokens = Math.max(earlier.reasoningTokens ?? 0, later.reasoningTokens ?? 0);
  return {
    inputTokens: Math.max(earlier.inputTokens, later.inputTokens),
    outputTokens: Math.max(earlier.outputTokens, later.outputTokens),
    ...(cachedTokens > 0 && { cachedTokens }),
    ...(reasoningTokens > 0 && { reasoningTokens }),
  };
}

export const openaiUsage = usageReader({
  input: ["prompt_tokens"],
  output: ["completion_tokens"],
  cached: ["prompt_tokens_details", "cached_tokens"],
  reasoning: ["completion_tokens_details", "reasoning_tokens"],
});

export const responsesUsage = usageReader({
  input: ["input_tokens"],
  output: ["output_tokens"],
  cached: ["input_tokens_details", "cached_tokens"],
  reasoning: ["output_tokens_details", "reasoning_tokens"],
});

export const anthropicUsage = usageReader({
  input: ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"],
  output: ["output_tokens"],
  cached: ["cache_read_input_tokens"],
  reasoning: [],
});

export const geminiUsage = usageReader({
  input: ["promptTokenCount"],
  output: ["candidatesTokenCount", "thoughtsTokenCount"],
  cached: ["cachedContentTokenCount"],
  reasoning: ["thoughtsTokenCount"],
});

function sumOf(value: JsonRecord, fields: readonly string[]): number | undefined {
  let sum: number | undefined;
  for (const field of fields) {
    const count = countOf(value[field]);
    if (count !== undefined) sum = (sum ?? 0) + count;
  }
  return sum;
}

function countAt(value: JsonRecord, path: readonly string[]): number | undefined {
  const last = path.length - 1;
  let at: JsonRecord = value;
  for (let i = 0; i < last; i++) at = recordOf(at[path[i] ?? ""]);
  return countOf(at[path[last] ?? ""]);
}
