import type { OperationId } from "../pipeline/operations.ts";
import { anthropicMessages } from "./anthropic-messages/index.ts";
import type { Dialect } from "./dialect.ts";
import { openaiChat } from "./openai-chat/index.ts";
import { openaiCompletions } from "./openai-completions/index.ts";
import { openaiEmbeddings } from "./openai-embeddings/index.ts";
import { openaiResponses } from "./openai-responses/index.ts";

const byOperation: Readonly<Partial<Record<OperationId, Dialect>>> = {
  chat: openaiChat,
  completions: openaiCompletions,
  embeddings: openaiEmbeddings,
  responses: openaiResponses,
  messages: anthropicMessages,
};

/** The dialect an operation's clients speak; OpenAI's chat for operations without a model. */
export function dialectOf(operation: OperationId): Dialect {
  return byOperation[operation] ?? openaiChat;
}
