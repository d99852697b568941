import { countOf, type Dialect, isObject, listOf, objectOf, openEvent } from "./dialect.ts";

/** Text completions, OpenAI's older dialect. */
export const completionsDialect: Dialect = {
  kind: "completions",
  path: "/completions",
  headers: [],
  body: (r, messages) => ({
    model: r.model,
    prompt: messages.map((message) => message.content).join("\n"),
    max_tokens: r.maxTokens,
    stream: r.stream,
    ...(r.stream && { stream_options: { include_usage: true } }),
  }),
  readEvent(data, type, seen) {
    if (data === "[DONE]") {
      seen.ended = true;
      return;
    }
    const event = openEvent(data, type, seen);
    if (event === null) return;
    const choices = listOf(event["choices"]);
    seen.answer = choices.length > 0;
    for (const choice of choices) seen.mark(objectOf(choice)["text"], "output");
    seen.tokens = countOf(event["usage"], "completion_tokens");
  },
  readBody(body, seen) {
    const choices = listOf(body["choices"]);
    for (const choice of choices) {
      if (!isObject(choice) || typeof choice["text"] !== "string") return false;
      seen.mark(choice["text"], "output");
    }
    seen.tokens = countOf(body["usage"], "completion_tokens");
    return choices.length > 0;
  },
};
