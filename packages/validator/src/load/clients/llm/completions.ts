import { isRecord } from "@loadline/kit/json";
import { choicesIn, countOf, type Dialect, listOf, markFinish, objectOf } from "./dialect.ts";

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
    for (const choice of choicesIn(data, type, seen)) {
      seen.mark(objectOf(choice)["text"], "output");
    }
  },
  readBody(body, seen) {
    const choices = listOf(body["choices"]);
    for (const choice of choices) {
      if (!isRecord(choice) || typeof choice["text"] !== "string") return false;
      seen.mark(choice["text"], "output");
    }
    seen.tokens = countOf(body["usage"], "completion_tokens");
    markFinish(choices, seen);
    return choices.length > 0;
  },
};
