import type { LlmReply } from "../api.ts";
import { Call } from "./call.ts";

/** A request to a model. */
export class LlmCall extends Call implements LlmReply {
  /** Set by the reader of an answer that is good. */
  generated = "";

  content(): string {
    return this.generated;
  }
}
