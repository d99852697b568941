import type { Usage } from "../../pipeline/exchange.ts";
import { type BlockKind, BlockSequence, type BlockSink } from "../blocks.ts";
import { type AnswerContext, type ClientCodec, noCounts, type StreamWriter } from "../codec.ts";
import type { Answer, Delta, Part, StopReason } from "../neutral.ts";
import { argumentsOf, sseEvent } from "../parts.ts";
import { readMessagesAsk } from "./ask.ts";

/** Clients of Anthropic's messages. */
export const messagesClient: ClientCodec = {
  readAsk: readMessagesAsk,
  writeAnswer,
  stream: (context) => new MessageStream(context),
  writeError: ({ message, code, param }, { requestId }) => ({
    type: "error",
    error: { type: "invalid_request_error", message, code, param },
    request_id: requestId,
  }),
};

export const stopReasonNames = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  filter: "refusal",
} as const;

/** What an answer of another API has nothing to say about. */
const noDetails = { stop_sequence: null, stop_details: null, container: null };
/** Who called a tool: the model itself. */
const caller = { type: "direct" };

function writeAnswer(answer: Answer, context: AnswerContext): unknown {
  return {
    id: answer.id || `msg_${context.requestId}`,
    type: "message",
    role: "assistant",
    model: answer.model,
    content: answer.parts.flatMap(writePart),
    stop_reason: stopReasonNames[answer.stop],
    ...noDetails,
    diagnostics: null,
    usage: writeWholeUsage(answer.usage ?? noCounts),
  };
}

function writePart(part: Part): unknown[] {
  switch (part.kind) {
    case "text":
      return [{ type: "text", text: part.text, citations: null }];
    case "thinking":
      return [{ type: "thinking", thinking: part.text, signature: "" }];
    case "tool_call": {
      const input = argumentsOf(part.arguments);
      return [{ type: "tool_use", id: part.id, name: part.name, input, caller }];
    }
    default:
      return [];
  }
}

/** Cached tokens are counted apart from the others here. */
function writeUsage(usage: Usage): object {
  const cached = usage.cachedTokens ?? 0;
  return {
    input_tokens: usage.inputTokens - cached,
    output_tokens: usage.outputTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cached,
    output_tokens_details: null,
    server_tool_use: null,
  };
}

/** The usage of a whole message says more than that of a stream's end. */
function writeWholeUsage(usage: Usage): unknown {
  const more = { cache_creation: null, inference_geo: null, service_tier: null, speed: null };
  return { ...writeUsage(usage), ...more };
}

/** Events in the order that Anthropic's own clients insist on. */
class MessageStream implements StreamWriter, BlockSink {
  readonly #context: AnswerContext;
  readonly #blocks = new BlockSequence(this);
  #index = -1;
  #stop: StopReason = "stop";
  #usage: Usage = noCounts;

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  write(delta: Delta): string {
    if (delta.kind === "usage") this.#usage = delta.usage;
    else if (delta.kind === "finish") this.#stop = delta.stop;
    else if (delta.kind === "start") return this.#start(delta.id, delta.model);
    return this.#blocks.take(delta);
  }

  end(): string {
    const delta = { stop_reason: stopReasonNames[this.#stop], ...noDetails };
    const usage = writeUsage(this.#usage);
    return (
      this.#blocks.end() +
      sseEvent("message_delta", { type: "message_delta", delta, usage }) +
      sseEvent("message_stop", { type: "message_stop" })
    );
  }

  open(kind: BlockKind, id: string, name: string): string {
    this.#index++;
    const blocks = {
      text: { type: "text", text: "", citations: null },
      thinking: { type: "thinking", thinking: "", signature: "" },
      tool: { type: "tool_use", id, name, input: {}, caller },
    };
    return this.#event("content_block_start", { content_block: blocks[kind] });
  }

  append(kind: BlockKind, text: string): string {
    const deltas = {
      text: { type: "text_delta", text },
      thinking: { type: "thinking_delta", thinking: text },
      tool: { type: "input_json_delta", partial_json: text },
    };
    return this.#event("content_block_delta", { delta: deltas[kind] });
  }

  close(): string {
    return this.#event("content_block_stop", {});
  }

  #start(id: string, model: string): string {
    const message = {
      id: id || `msg_${this.#context.requestId}`,
      type: "message",
      role: "assistant",
      model,
      content: [],
      stop_reason: null,
      ...noDetails,
      diagnostics: null,
      usage: writeWholeUsage(this.#usage),
    };
    return sseEvent("message_start", { type: "message_start", message });
  }

  #event(type: string, more: object): string {
    return sseEvent(type, { type, index: this.#index, ...more });
  }
}
