/** Ways the dialects say the same; null: the dialect has no way. Each string is one SSE event. */
export interface Words {
  /** What comes before any content: a role, an empty delta, an opened block. */
  readonly start: string;
  readonly emptyText: string;
  text(value: string): string;
  /** Content of the second choice, the first one silent. */
  readonly secondChoice: string | null;
  reasoning(value: string): string | null;
  /** The other spelling of reasoning. */
  readonly reasoningTwin: string | null;
  readonly toolName: string | null;
  readonly toolArguments: string | null;
  readonly refusal: string | null;
  readonly audio: string | null;
  readonly signature: string | null;
  /** The last chunk of a choice, without content. */
  readonly finish: string;
  /** Usage before the end, in an event of its own. */
  usage(tokens: number): string | null;
  /** Text with usage so far. */
  textWithUsage(value: string, tokens: number): string | null;
  /** The end marker, with usage where that is its place. */
  end(tokens: number | null): string;
  readonly error: string;
}

export type DialectName = "chat" | "completions" | "responses" | "messages";

const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const done = "data: [DONE]\n\n";

const delta = (d: unknown, index = 0): string => data({ choices: [{ index, delta: d }] });
const chatUsage = (tokens: number): string =>
  data({ choices: [], usage: { prompt_tokens: 9, completion_tokens: tokens } });

const chat: Words = {
  start: delta({ role: "assistant", content: "" }),
  emptyText: delta({ content: "" }),
  text: (value) => delta({ content: value }),
  secondChoice: data({
    choices: [
      { index: 0, delta: {} },
      { index: 1, delta: { content: "x" } },
    ],
  }),
  reasoning: (value) => delta({ reasoning_content: value }),
  reasoningTwin: delta({ reasoning: "r", content: null }),
  toolName: delta({ tool_calls: [{ index: 0, id: "c", function: { name: "f", arguments: "" } }] }),
  toolArguments: delta({ tool_calls: [{ index: 0, function: { arguments: '{"a":' } }] }),
  refusal: delta({ refusal: "no" }),
  audio: delta({ audio: { id: "a", data: "AAAA" } }),
  signature: delta({ signature: "EqQBCg" }),
  finish: data({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage: null }),
  usage: chatUsage,
  textWithUsage: (value, tokens) =>
    data({ choices: [{ delta: { content: value } }], usage: { completion_tokens: tokens } }),
  end: (tokens) => (tokens === null ? done : chatUsage(tokens) + done),
  error: data({ error: { message: "overloaded", type: "server_error" } }),
};

const choice = (text: string, index = 0): unknown => ({ index, text, finish_reason: null });

const completions: Words = {
  start: data({ choices: [choice("")] }),
  emptyText: data({ choices: [choice("")] }),
  text: (value) => data({ choices: [choice(value)] }),
  secondChoice: data({ choices: [choice(""), choice("x", 1)] }),
  reasoning: () => null,
  reasoningTwin: null,
  toolName: null,
  toolArguments: null,
  refusal: null,
  audio: null,
  signature: null,
  finish: data({ choices: [{ index: 0, text: "", finish_reason: "length" }] }),
  usage: chatUsage,
  textWithUsage: (value, tokens) =>
    data({ choices: [choice(value)], usage: { completion_tokens: tokens } }),
  end: (tokens) => (tokens === null ? done : chatUsage(tokens) + done),
  error: data({ error: { message: "overloaded" } }),
};

const typed = (type: string, fields: Record<string, unknown> = {}): string =>
  `event: ${type}\n${data({ type, ...fields })}`;

const responses: Words = {
  start:
    typed("response.created", { response: { id: "r", status: "in_progress", error: null } }) +
    typed("response.output_item.added", { item: { type: "message", content: [] } }),
  emptyText: typed("response.output_text.delta", { delta: "" }),
  text: (value) => typed("response.output_text.delta", { output_index: 0, delta: value }),
  secondChoice: null,
  reasoning: (value) => typed("response.reasoning_text.delta", { delta: value }),
  reasoningTwin: typed("response.reasoning_summary_text.delta", { delta: "r" }),
  toolName: typed("response.output_item.added", {
    item: { type: "function_call", name: "f", arguments: "" },
  }),
  toolArguments: typed("response.function_call_arguments.delta", { delta: '{"a":' }),
  refusal: typed("response.refusal.delta", { delta: "no" }),
  audio: typed("response.audio.delta", { delta: "AAAA" }),
  signature: null,
  finish: typed("response.output_text.done", { text: "the whole text once more" }),
  usage: () => null,
  textWithUsage: () => null,
  end: (tokens) =>
    typed("response.completed", {
      response: {
        status: "completed",
        error: null,
        usage: tokens === null ? null : { output_tokens: tokens },
      },
    }),
  error: typed("response.failed", { response: { status: "failed", error: { message: "x" } } }),
};

const block = (fields: Record<string, unknown>): string =>
  typed("content_block_delta", { index: 0, delta: fields });
const messageDelta = (tokens: number | null): string =>
  typed("message_delta", {
    delta: { stop_reason: "end_turn" },
    ...(tokens !== null && { usage: { output_tokens: tokens } }),
  });

const messages: Words = {
  start:
    typed("message_start", {
      message: { id: "m", content: [], usage: { input_tokens: 9, output_tokens: 1 } },
    }) + typed("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
  emptyText: block({ type: "text_delta", text: "" }),
  text: (value) => block({ type: "text_delta", text: value }),
  secondChoice: null,
  reasoning: (value) => block({ type: "thinking_delta", thinking: value }),
  reasoningTwin: typed("content_block_start", {
    index: 0,
    content_block: { type: "redacted_thinking", data: "EqQBCg" },
  }),
  toolName: typed("content_block_start", {
    index: 1,
    content_block: { type: "tool_use", id: "t", name: "f", input: {} },
  }),
  toolArguments: block({ type: "input_json_delta", partial_json: '{"a":' }),
  refusal: null,
  audio: null,
  signature: block({ type: "signature_delta", signature: "EqQBCg" }),
  finish: typed("content_block_stop", { index: 0 }),
  usage: messageDelta,
  textWithUsage: (value, tokens) =>
    block({ type: "text_delta", text: value }) + messageDelta(tokens),
  end: (tokens) => messageDelta(tokens) + typed("message_stop"),
  error: typed("error", { error: { type: "overloaded_error", message: "x" } }),
};

/** The vocabulary of every dialect that streams. */
export const vocabulary: Readonly<Record<DialectName, Words>> = {
  chat,
  completions,
  responses,
  messages,
};
