const base = { id: "chatcmpl-fault", created: 1_767_225_600, model: "fault" };
const promptTokens = 7;

/** The content of chunk `index` of an upstream: it names its origin. */
export function wordOf(letter: string, index: number): string {
  return `${letter}${index} `;
}

/** The content of a whole answer of `chunks` chunks. */
export function contentOf(letter: string, chunks: number): string {
  return Array.from({ length: chunks }, (_, i) => wordOf(letter, i)).join("");
}

/** One event of a stream with these choices. */
export function eventOf(choices: readonly unknown[], extra: object = {}): string {
  const chunk = { ...base, object: "chat.completion.chunk", choices, ...extra };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

export function deltaOf(delta: object, finish: string | null = null): string {
  return eventOf([{ index: 0, delta, finish_reason: finish }]);
}

export function usageOf(chunks: number): object {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: chunks,
    total_tokens: promptTokens + chunks,
  };
}

/** A whole completion, with its usage when `hasUsage`. */
export function completionOf(letter: string, chunks: number, hasUsage: boolean): string {
  const message = { role: "assistant", content: contentOf(letter, chunks) };
  return JSON.stringify({
    ...base,
    object: "chat.completion",
    choices: [{ index: 0, message, finish_reason: "stop" }],
    ...(hasUsage && { usage: usageOf(chunks) }),
  });
}

export const errorText = JSON.stringify({
  error: { message: "planned fault", type: "server_error", param: null, code: null },
});
