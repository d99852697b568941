export interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

interface LlmRequestShared {
  /** Default the dialect's own below `/v1`, without `/v1` when `baseUrl` ends in it. */
  readonly path?: string;
  readonly model: string;
  readonly messages?: readonly ChatMessage[];
  /** User messages, one picked per request by seed and index. */
  readonly prompts?: readonly string[];
  /** Further headers, after those of the target. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Further fields of the body; they win over the fields made here. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

interface GeneratingRequest extends LlmRequestShared {
  readonly maxTokens: number;
  readonly stream: boolean;
}

/** One chat completion of OpenAI's dialect; exactly one of `messages` and `prompts`. */
export interface ChatLoadRequest extends GeneratingRequest {
  readonly kind: "chat";
}

/** One legacy text completion; of `messages` the contents are joined by line ends. */
export interface CompletionsLoadRequest extends GeneratingRequest {
  readonly kind: "completions";
}

/** One response of OpenAI's Responses dialect. */
export interface ResponsesLoadRequest extends GeneratingRequest {
  readonly kind: "responses";
}

/** One message of Anthropic's dialect; messages of role `system` become its `system`. */
export interface MessagesLoadRequest extends GeneratingRequest {
  readonly kind: "messages";
}

/** One embedding; of `messages` each content is one input. */
export interface EmbeddingsLoadRequest extends LlmRequestShared {
  readonly kind: "embeddings";
}

/** Requests whose answer is generated text. */
export type GeneratingLoadRequest =
  | ChatLoadRequest
  | CompletionsLoadRequest
  | ResponsesLoadRequest
  | MessagesLoadRequest;

/** A request of any of the five dialects. */
export type LlmLoadRequest = GeneratingLoadRequest | EmbeddingsLoadRequest;
