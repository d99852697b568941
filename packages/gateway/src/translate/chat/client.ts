import type { Usage } from "../../pipeline/exchange.ts";
import { type AnswerContext, type ClientCodec, noCounts, type StreamWriter } from "../codec.ts";
import type { Answer, Delta, Part, ToolCall } from "../neutral.ts";
import { joinTexts } from "../parts.ts";
import { readChatAsk } from "./ask.ts";

/** Clients of OpenAI's chat completions. */
export const chatClient: ClientCodec = {
  readAsk: readChatAsk,
  writeAnswer,
  stream: (context) => new ChatStream(context),
  writeError: ({ message, code, param }, { requestId }) => ({
    error: { message, type: "invalid_request_error", code, param, loadline: { requestId } },
  }),
};

function writeAnswer(answer: Answer, context: AnswerContext): unknown {
  const calls = answer.parts.filter((part): part is ToolCall => part.kind === "tool_call");
  const text = joinTexts(answer.parts);
  const thinking = thoughtsOf(answer.parts);
  const message = {
    role: "assistant",
    content: text === "" && calls.length > 0 ? null : text,
    refusal: null,
    ...(thinking !== "" && { reasoning_content: thinking }),
    ...(calls.length > 0 && { tool_calls: calls.map(writeCall) }),
  };
  return {
    id: answer.id || `chatcmpl-${context.requestId}`,
    object: "chat.completion",
    created: context.createdSeconds,
    model: answer.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReasons[answer.stop] }],
    usage: writeUsage(answer.usage ?? noCounts),
  };
}

export const finishReasons = {
  stop: "stop",
  length: "length",
  tool_calls: "tool_calls",
  filter: "content_filter",
} as const;

export function writeUsage(usage: Usage): unknown {
  const { inputTokens, outputTokens, cachedTokens, reasoningTokens } = usage;
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    ...(cachedTokens !== undefined && { prompt_tokens_details: { cached_tokens: cachedTokens } }),
    ...(reasoningTokens !== undefined && {
      completion_tokens_details: { reasoning_tokens: reasoningTokens },
    }),
  };
}

export function writeCall(call: ToolCall): unknown {
  const { id, name, arguments: text } = call;
  return { id, type: "function", function: { name, arguments: text } };
}

function thoughtsOf(parts: readonly Part[]): string {
  return parts.map((part) => (part.kind === "thinking" ? part.text : "")).join("");
}

class ChatStream implements StreamWriter {
  readonly #context: AnswerContext;
  #id: string;
  #model = "";
  #usage: Usage | undefined;

  constructor(context: AnswerContext) {
    this.#context = context;
    this.#id = `chatcmpl-${context.requestId}`;
  }

  write(delta: Delta): string {
    switch (delta.kind) {
      case "start":
        this.#id = delta.id || this.#id;
        this.#model = delta.model;
        return this.#chunk({ role: "assistant", content: "", refusal: null });
      case "text":
        return this.#chunk({ content: delta.text });
      case "thinking":
        return this.#chunk({ reasoning_content: delta.text });
      case "tool": {
        const called = { name: delta.name, arguments: "" };
        const call = { index: delta.index, id: delta.id, type: "function", function: called };
        return this.#chunk({ tool_calls: [call] });
      }
      case "arguments":
        return this.#chunk({
          tool_calls: [{ index: delta.index, function: { arguments: delta.text } }],
        });
      case "finish":
        return this.#chunk({}, finishReasons[delta.stop]);
      case "usage":
        this.#usage = delta.usage;
        return "";
    }
  }

  end(): string {
    const { wantsUsage } = this.#context;
    const usage = wantsUsage ? this.#event([], writeUsage(this.#usage ?? noCounts)) : "";
    return `${usage}data: [DONE]\n\n`;
  }

  #chunk(delta: unknown, finish: string | null = null): string {
    const choice = { index: 0, delta, logprobs: null, finish_reason: finish };
    return this.#event([choice], this.#context.wantsUsage ? null : undefined);
  }

  #event(choices: readonly unknown[], usage: unknown): string {
    const chunk = {
      id: this.#id,
      object: "chat.completion.chunk",
      created: this.#context.createdSeconds,
      model: this.#model,
      choices,
      usage,
    };
    return `data: ${JSON.stringify(chunk)}\n\n`;
  }
}
