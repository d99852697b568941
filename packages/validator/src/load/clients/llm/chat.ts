import { isRecord } from "@loadline/kit/json";
import {
  choicesIn,
  countOf,
  type Dialect,
  listOf,
  markFinish,
  objectOf,
  type Seen,
} from "./dialect.ts";

/** Chat completions of OpenAI's dialect. */
export const chatDialect: Dialect = {
  kind: "chat",
  path: "/chat/completions",
  headers: [],
  body: (r, messages) => ({
    model: r.model,
    messages,
    max_tokens: r.maxTokens,
    stream: r.stream,
    ...(r.stream && { stream_options: { include_usage: true } }),
  }),
  readEvent(data, type, seen) {
    for (const choice of choicesIn(data, type, seen)) readMessage(objectOf(choice)["delta"], seen);
  },
  readBody(body, seen) {
    const choices = listOf(body["choices"]);
    for (const choice of choices) {
      const message = objectOf(choice)["message"];
      if (!isRecord(message)) return false;
      readMessage(message, seen);
    }
    seen.tokens = countOf(body["usage"], "completion_tokens");
    markFinish(choices, seen);
    return choices.length > 0;
  },
};

/** A delta or a message: text, reasoning, refusal, audio, the name or arguments of a tool. */
function readMessage(value: unknown, seen: Seen): void {
  const message = objectOf(value);
  const content = message["content"];
  if (Array.isArray(content)) readParts(content, seen);
  else seen.mark(content, "output");
  seen.mark(message["reasoning"], "reasoning");
  seen.mark(message["reasoning_content"], "reasoning");
  seen.mark(message["refusal"], "output");
  const audio = message["audio"];
  if (isRecord(audio)) {
    seen.mark(audio["data"], "output");
    seen.mark(audio["transcript"], "output");
  }
  for (const call of listOf(message["tool_calls"])) readCall(objectOf(call), seen);
  if (isRecord(message["function_call"])) readTool(message["function_call"], seen);
}

/** Content as a list of parts, as some servers stream their reasoning. */
function readParts(parts: readonly unknown[], seen: Seen): void {
  for (const value of parts) {
    const part = objectOf(value);
    seen.mark(part["text"], "output");
    seen.mark(part["refusal"], "output");
    if (typeof part["thinking"] === "string") seen.mark(part["thinking"], "reasoning");
    for (const inner of listOf(part["thinking"])) seen.mark(objectOf(inner)["text"], "reasoning");
  }
}

function readCall(call: Readonly<Record<string, unknown>>, seen: Seen): void {
  readTool(call["function"], seen);
  const custom = objectOf(call["custom"]);
  seen.mark(custom["name"], "output");
  seen.mark(custom["input"], "output");
}

function readTool(value: unknown, seen: Seen): void {
  const tool = objectOf(value);
  seen.mark(tool["name"], "output");
  seen.mark(tool["arguments"], "output");
}
