import type { LlmLoadRequest } from "../../clients/llm/request.ts";
import type { LlmStep } from "../../plan/step-schema.ts";

/** The engine's request of an llm step. */
export function llmRequestOf(step: LlmStep, model: string): LlmLoadRequest {
  const input = (r: {
    readonly prompt?: string | undefined;
    readonly prompts?: readonly string[] | undefined;
    readonly messages?: readonly { readonly role: string; readonly content: string }[] | undefined;
  }) => ({
    ...(r.prompt !== undefined && { prompts: [r.prompt] }),
    ...(r.prompts !== undefined && { prompts: r.prompts }),
    ...(r.messages !== undefined && { messages: r.messages }),
  });
  const terms = (r: NonNullable<LlmStep["embed"]>) => ({
    model: r.model ?? model,
    ...input(r),
    ...(r.path !== undefined && { path: r.path }),
    ...(r.headers !== undefined && { headers: r.headers }),
    ...(r.extra !== undefined && { extra: r.extra }),
  });
  if (step.embed !== undefined) return { kind: "embeddings", ...terms(step.embed) };
  const { chat, complete, respond, message } = step;
  const kind =
    chat !== undefined
      ? "chat"
      : complete !== undefined
        ? "completions"
        : respond !== undefined
          ? "responses"
          : "messages";
  const asked = chat ?? complete ?? respond ?? message;
  if (asked === undefined) throw new TypeError("an llm step without a dialect");
  return { kind, ...terms(asked), maxTokens: asked.maxTokens, stream: asked.stream };
}
