import type { Lies } from "./lies.ts";

const created = 1_767_225_600;

export const words = ["Load", "lines", "show", "how", "much", "is", "safe", "."] as const;

/** OpenAI's error envelope. */
export const envelope = (message: string, type = "invalid_request_error") => ({
  error: { message, type, param: null, code: null },
});

/** Token counts that add up. */
export const usageOf = (completionTokens: number) => ({
  prompt_tokens: 5,
  completion_tokens: completionTokens,
  total_tokens: 5 + completionTokens,
});

/** A whole completion of `count` tokens. */
export function completion(model: string, count: number, lies: Lies): unknown {
  if (lies.errorBody200) return envelope("the model is not loaded", "server_error");
  const content = words.slice(0, count).join(" ");
  const choice = { index: 0, message: { role: "assistant", content }, finish_reason: "length" };
  return {
    id: "chatcmpl-sim",
    object: "chat.completion",
    created,
    model,
    choices: lies.emptyChoices ? [] : [choice],
    ...(lies.noUsage ? {} : { usage: usageOf(count) }),
  };
}

/** The events of a stream of `count` tokens, end marker included. */
export function streamEvents(
  model: string,
  count: number,
  lies: Lies & { usage: boolean },
): string[] {
  const index = lies.noIndex ? {} : { index: 0 };
  const chunk = (choices: readonly unknown[], extra: object = {}): string =>
    JSON.stringify({
      id: "chatcmpl-sim",
      object: "chat.completion.chunk",
      created,
      model,
      choices,
      ...extra,
    });
  const tokens = words
    .slice(0, count)
    .map((word) => chunk([{ ...index, delta: { content: `${word} ` }, finish_reason: null }]));
  const usage = lies.usage && !lies.noUsage ? [chunk([], { usage: usageOf(count) })] : [];
  return [
    ...tokens,
    chunk([{ ...index, delta: {}, finish_reason: "length" }]),
    ...usage,
    ...(lies.noDone ? [] : ["[DONE]"]),
  ];
}
