import type { Usage } from "../../pipeline/exchange.ts";
import { type BlockKind, BlockSequence, type BlockSink } from "../blocks.ts";
import { type AnswerContext, type ClientCodec, noCounts, type StreamWriter } from "../codec.ts";
import type { Answer, Delta, StopReason } from "../neutral.ts";
import { sseEvent } from "../parts.ts";
import { readResponsesAsk } from "./ask.ts";

/** Clients of OpenAI's responses. */
export const responsesClient: ClientCodec = {
  readAsk: readResponsesAsk,
  writeAnswer,
  stream: (context) => new ResponseStream(context),
  writeError: ({ message, code, param }, { requestId }) => ({
    error: { message, type: "invalid_request_error", code, param, loadline: { requestId } },
  }),
};

interface Head {
  readonly id: string;
  readonly model: string;
  readonly createdSeconds: number;
}

function writeAnswer(answer: Answer, context: AnswerContext): unknown {
  const id = answer.id || `resp_${context.requestId}`;
  const output = answer.parts.flatMap((part, i): unknown[] => {
    if (part.kind === "text") return [messageItem(`msg_${i}_${id}`, part.text, "completed")];
    if (part.kind === "thinking") return [reasoningItem(`rs_${i}_${id}`, part.text)];
    if (part.kind !== "tool_call") return [];
    return [callItem(`fc_${i}_${id}`, part, "completed")];
  });
  const head = { id, model: answer.model, createdSeconds: context.createdSeconds };
  return response(head, answer.stop, output, answer.usage);
}

/** `stop` undefined: under way. */
function response(
  head: Head,
  stop: StopReason | undefined,
  output: readonly unknown[],
  usage: Usage | undefined,
): unknown {
  const reasons = { length: "max_output_tokens", filter: "content_filter" } as const;
  const reason = stop === "length" || stop === "filter" ? reasons[stop] : undefined;
  const ended = reason === undefined ? "completed" : "incomplete";
  return {
    id: head.id,
    object: "response",
    access_programs: null,
    created_at: head.createdSeconds,
    status: stop === undefined ? "in_progress" : ended,
    error: null,
    incomplete_details: reason === undefined ? null : { reason },
    instructions: null,
    metadata: {},
    model: head.model,
    output,
    parallel_tool_calls: true,
    temperature: null,
    tool_choice: "auto",
    tools: [],
    top_p: null,
    ...(stop !== undefined && { usage: writeUsage(usage ?? noCounts) }),
  };
}

function writeUsage(usage: Usage): unknown {
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: { cached_tokens: usage.cachedTokens ?? 0, cache_write_tokens: 0 },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
    total_tokens: usage.inputTokens + usage.outputTokens,
  };
}

type ItemStatus = "in_progress" | "completed";

function textPart(text: string): unknown {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

function messageItem(id: string, text: string | undefined, status: ItemStatus): unknown {
  const content = text === undefined ? [] : [textPart(text)];
  return { id, type: "message", status, role: "assistant", content };
}

function reasoningItem(id: string, text: string): unknown {
  const content = text === "" ? [] : [{ type: "reasoning_text", text }];
  return { id, type: "reasoning", summary: [], content };
}

function callItem(
  id: string,
  call: { readonly id: string; readonly name: string; readonly arguments: string },
  status: ItemStatus,
): unknown {
  const { name, arguments: text } = call;
  return { id, type: "function_call", status, call_id: call.id, name, arguments: text };
}

/** Typed events, numbered from 0, around the items of the answer. */
class ResponseStream implements StreamWriter, BlockSink {
  readonly #blocks = new BlockSequence(this);
  readonly #createdSeconds: number;
  readonly #output: unknown[] = [];
  #head: Head;
  #sequence = 0;
  #stop: StopReason = "stop";
  #usage: Usage | undefined;
  #itemId = "";
  #text = "";
  #call = { id: "", name: "" };

  constructor(context: AnswerContext) {
    this.#createdSeconds = context.createdSeconds;
    this.#head = { id: `resp_${context.requestId}`, model: "", createdSeconds: 0 };
  }

  write(delta: Delta): string {
    if (delta.kind === "usage") this.#usage = delta.usage;
    else if (delta.kind === "finish") this.#stop = delta.stop;
    else if (delta.kind === "start") return this.#start(delta.id, delta.model);
    return this.#blocks.take(delta);
  }

  end(): string {
    const blocks = this.#blocks.end();
    const isCut = this.#stop === "length" || this.#stop === "filter";
    const type = isCut ? "response.incomplete" : "response.completed";
    const whole = response(this.#head, this.#stop, this.#output, this.#usage);
    return blocks + this.#event(type, { response: whole });
  }

  open(kind: BlockKind, id: string, name: string): string {
    const index = this.#output.length;
    const prefix = { text: "msg", thinking: "rs", tool: "fc" }[kind];
    this.#itemId = `${prefix}_${index}_${this.#head.id}`;
    this.#text = "";
    this.#call = { id, name };
    const item = this.#item(kind, "in_progress");
    const added = this.#event("response.output_item.added", { output_index: index, item });
    if (kind !== "text") return added;
    return added + this.#partEvent("response.content_part.added", { part: textPart("") });
  }

  append(kind: BlockKind, text: string): string {
    this.#text += text;
    if (kind === "text")
      return this.#partEvent("response.output_text.delta", { delta: text, logprobs: [] });
    if (kind === "thinking")
      return this.#partEvent("response.reasoning_text.delta", { delta: text });
    return this.#itemEvent("response.function_call_arguments.delta", { delta: text });
  }

  close(kind: BlockKind): string {
    const text = this.#text;
    let out: string;
    if (kind === "text") {
      out =
        this.#partEvent("response.output_text.done", { text, logprobs: [] }) +
        this.#partEvent("response.content_part.done", { part: textPart(text) });
    } else if (kind === "thinking") {
      out = this.#partEvent("response.reasoning_text.done", { text });
    } else {
      out = this.#itemEvent("response.function_call_arguments.done", { arguments: text });
    }
    const index = this.#output.length;
    const item = this.#item(kind, "completed");
    out += this.#event("response.output_item.done", { output_index: index, item });
    this.#output.push(item);
    return out;
  }

  #start(id: string, model: string): string {
    this.#head = { id: id || this.#head.id, model, createdSeconds: this.#createdSeconds };
    const started = response(this.#head, undefined, [], undefined);
    return (
      this.#event("response.created", { response: started }) +
      this.#event("response.in_progress", { response: started })
    );
  }

  #item(kind: BlockKind, status: ItemStatus): unknown {
    const isNew = status === "in_progress";
    if (kind === "text") return messageItem(this.#itemId, isNew ? undefined : this.#text, status);
    if (kind === "thinking") return reasoningItem(this.#itemId, this.#text);
    return callItem(this.#itemId, { ...this.#call, arguments: this.#text }, status);
  }

  #partEvent(type: string, more: object): string {
    return this.#itemEvent(type, { content_index: 0, ...more });
  }

  #itemEvent(type: string, more: object): string {
    const place = { item_id: this.#itemId, output_index: this.#output.length };
    return this.#event(type, { ...place, ...more });
  }

  #event(type: string, more: object): string {
    return sseEvent(type, { type, sequence_number: this.#sequence++, ...more });
  }
}
