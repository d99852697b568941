import type { RequestBody } from "./request.ts";

const bytesPerToken = 3;
const tokensPerMessage = 8;

type Prompt = Pick<RequestBody, "textBytes" | "messageCount">;

/** Tokens of a prompt's text before anybody has counted them: a third of its bytes. */
export function textTokens({ textBytes }: Pick<Prompt, "textBytes">): number {
  return Math.ceil(textBytes / bytesPerToken);
}

/**
 * Tokens of a prompt as they are reserved: its text, of which `isUpper` takes each byte for one, and
 * 8 for each message.
 */
export function promptTokens(prompt: Prompt, isUpper = false): number {
  const text = isUpper ? prompt.textBytes : textTokens(prompt);
  return text + tokensPerMessage * prompt.messageCount;
}
