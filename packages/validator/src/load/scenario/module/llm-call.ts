import type { LlmReply } from "../api.ts";
import { Call } from "./call.ts";
import { generatedText } from "./llm-text.ts";
import type { LlmKind } from "./module-context.ts";

/** A request to a model. */
export class LlmCall extends Call implements LlmReply {
  kind: LlmKind = "chat";

  content(): string {
    const isStream = this.header("content-type").startsWith("text/event-stream");
    return this.kind === "embeddings" ? "" : generatedText(this.kind, this.text(), isStream);
  }
}
