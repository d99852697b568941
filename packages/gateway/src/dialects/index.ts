import type { OperationId } from "../pipeline/operations.ts";
import type { Dialect } from "./dialect.ts";
import { openaiChat } from "./openai-chat/index.ts";
import { openaiEmbeddings } from "./openai-embeddings/index.ts";

const byOperation: Readonly<Partial<Record<OperationId, Dialect>>> = {
  chat: openaiChat,
  embeddings: openaiEmbeddings,
};

/** The dialect an operation's clients speak; OpenAI's chat for operations without a model. */
export function dialectOf(operation: OperationId): Dialect {
  return byOperation[operation] ?? openaiChat;
}
