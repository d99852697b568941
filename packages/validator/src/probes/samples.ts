/** Well-formed answers, the clean side of every saboteur. */

export const cleanModel = "stub-model";
export const cleanUsage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };

export const cleanCompletion = {
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1_767_225_600,
  model: cleanModel,
  choices: [
    { index: 0, message: { role: "assistant", content: "Hello there." }, finish_reason: "stop" },
  ],
  usage: cleanUsage,
};

const chunk = (choices: readonly unknown[], extra: Readonly<Record<string, unknown>> = {}) => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1_767_225_600,
  model: cleanModel,
  choices,
  ...extra,
});

export const roleChunk = chunk([{ index: 0, delta: { role: "assistant" }, finish_reason: null }]);
export const contentChunk = chunk([{ index: 0, delta: { content: "Hello" }, finish_reason: null }]);
export const finishChunk = chunk([{ index: 0, delta: {}, finish_reason: "stop" }]);
export const usageChunk = chunk([], { usage: cleanUsage });
/** A chunk whose choice lacks its index. */
export const unindexedChunk = chunk([{ delta: { content: "Hello" }, finish_reason: null }]);

export const refusal = (message: string, type = "invalid_request_error") => ({
  error: { message, type, param: null, code: null },
});
