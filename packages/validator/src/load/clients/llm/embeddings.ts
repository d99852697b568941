import { type JsonRecord, isRecord } from "@loadline/kit/json";
import type { ChatMessage, EmbeddingsLoadRequest } from "./request.ts";

/** Embeddings below `/v1`. */
export const embeddingsPath = "/embeddings";

/** The body of a request; each content is one input. */
export function embeddingsBody(
  r: EmbeddingsLoadRequest,
  messages: readonly ChatMessage[],
): Record<string, unknown> {
  const inputs = messages.map((message) => message.content);
  return { model: r.model, input: inputs.length === 1 ? inputs[0] : inputs };
}

/** Whether an answer holds exactly one non-empty vector, as numbers or base64, per input. */
export function isEmbeddings(body: JsonRecord, inputs: number): boolean {
  const data = body["data"];
  if (!Array.isArray(data) || data.length !== inputs) return false;
  return data.every((row: unknown) => isRecord(row) && isVector(row["embedding"]));
}

function isVector(value: unknown): boolean {
  if (typeof value === "string") return value !== "";
  return Array.isArray(value) && value.length > 0 && Number.isFinite(value[0]);
}
