/** One provider as it is on the wire: what it must be sent, and answers as its API gives them. */
export interface Wire {
  readonly provider: string;
  /** Settings of the target beside provider, model, base URL and keys. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Paths below the base URL of a whole answer and of a stream. */
  readonly path: string;
  readonly streamPath: string;
  /** The header that must carry the key, and its value for the key `k1`. */
  readonly auth: readonly [name: string, value: string];
  readonly headers: Readonly<Record<string, string>>;
  readonly answer: unknown;
  readonly stream: string;
  /** Error bodies by status, and the class each must have. */
  readonly errors: readonly (readonly [status: number, body: unknown, failure: string])[];
}

const sse = (events: readonly unknown[]): string =>
  events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");

const chunk = (delta: object, finish: string | null = null) => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1,
  model: "big-2025",
  choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
});
const openaiUsage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
const openaiAnswer = {
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1,
  model: "big-2025",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: "Hello!", refusal: null },
      finish_reason: "stop",
      logprobs: null,
    },
  ],
  usage: openaiUsage,
};
const openaiStream =
  sse([
    chunk({ role: "assistant", content: "" }),
    chunk({ content: "Hel" }),
    chunk({ content: "lo!" }),
    chunk({}, "stop"),
    { ...chunk({}), choices: [], usage: openaiUsage },
  ]) + "data: [DONE]\n\n";
const openaiError = (code: string) => ({ error: { message: "m", type: "t", param: null, code } });

const openai: Omit<Wire, "provider"> = {
  settings: {},
  path: "/chat/completions",
  streamPath: "/chat/completions",
  auth: ["authorization", "Bearer k1"],
  headers: {},
  answer: openaiAnswer,
  stream: openaiStream,
  errors: [
    [429, openaiError("insufficient_quota"), "key"],
    [429, openaiError("rate_limit_exceeded"), "rate_limited"],
    [401, openaiError("invalid_api_key"), "key"],
    [404, openaiError("model_not_found"), "misconfigured"],
    [400, openaiError("context_length_exceeded"), "caller"],
    [500, openaiError("x"), "server"],
  ],
};

const azurePath = "/openai/deployments/my%20dep/chat/completions?api-version=2025-01-01-preview";

const anthropicError = (type: string) => ({ type: "error", error: { type, message: "m" } });
const anthropic: Wire = {
  provider: "anthropic",
  settings: {},
  path: "/messages",
  streamPath: "/messages",
  auth: ["x-api-key", "k1"],
  headers: { "anthropic-version": "2023-06-01" },
  answer: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "big-2025",
    content: [{ type: "text", text: "Hello!" }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: { input_tokens: 5, output_tokens: 2 },
  },
  stream: [
    {
      type: "message_start",
      message: { id: "msg_1", model: "big-2025", usage: { input_tokens: 5, output_tokens: 1 } },
    },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "ping" },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hel" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "lo!" } },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } },
    { type: "message_stop" },
  ]
    .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join(""),
  errors: [
    [529, anthropicError("overloaded_error"), "overloaded"],
    [429, anthropicError("rate_limit_error"), "rate_limited"],
    [400, anthropicError("invalid_request_error"), "caller"],
    [401, anthropicError("authentication_error"), "key"],
    [404, anthropicError("not_found_error"), "misconfigured"],
    [500, anthropicError("api_error"), "server"],
  ],
};

const candidate = (text: string, finish?: string) => ({
  responseId: "g1",
  modelVersion: "big-2025",
  candidates: [
    { content: { role: "model", parts: [{ text }] }, ...(finish && { finishReason: finish }) },
  ],
});
const googleUsage = { promptTokenCount: 5, candidatesTokenCount: 2, totalTokenCount: 7 };
const googleError = (code: number, status: string, reason = "r") => ({
  error: { code, message: "m", status, details: [{ reason }] },
});
const gemini: Wire = {
  provider: "gemini",
  settings: {},
  path: "/models/big:generateContent",
  streamPath: "/models/big:streamGenerateContent?alt=sse",
  auth: ["x-goog-api-key", "k1"],
  headers: {},
  answer: { ...candidate("Hello!", "STOP"), usageMetadata: googleUsage },
  stream: sse([candidate("Hel"), { ...candidate("lo!", "STOP"), usageMetadata: googleUsage }]),
  errors: [
    [400, googleError(400, "INVALID_ARGUMENT", "API_KEY_INVALID"), "key"],
    [400, googleError(400, "INVALID_ARGUMENT"), "caller"],
    [429, googleError(429, "RESOURCE_EXHAUSTED"), "rate_limited"],
    [503, googleError(503, "UNAVAILABLE"), "overloaded"],
    [404, googleError(404, "NOT_FOUND"), "misconfigured"],
  ],
};

/** Made by hand after the public descriptions of these APIs. */
export const wires: readonly Wire[] = [
  { provider: "openai", ...openai },
  { provider: "openai-compatible", ...openai },
  {
    ...openai,
    provider: "azure-openai",
    settings: { deployment: "my dep", apiVersion: "2025-01-01-preview" },
    path: azurePath,
    streamPath: azurePath,
    auth: ["api-key", "k1"],
  },
  anthropic,
  gemini,
];
