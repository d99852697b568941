import type { RequestBody } from "../body/request.ts";
import type { AttemptRecord, Usage } from "../pipeline/exchange.ts";

const bytesPerPromptToken = 3;
const bytesPerOutputToken = 4;

/** No upstream did any work. */
export const noUsage: Usage = { inputTokens: 0, outputTokens: 0, source: "none" };

/** Work may have been done and nobody can say how much. */
export const unknownUsage: Usage = { inputTokens: 0, outputTokens: 0, source: "unknown" };

/** What was received of an answer without its usage, counted as it comes. */
export class Received {
  /** Events with content. */
  events = 0;
  #bytes = 0;
  #leastBytes = Number.POSITIVE_INFINITY;

  add(eventBytes: number): void {
    this.events++;
    this.#bytes += eventBytes;
    if (eventBytes < this.#leastBytes) this.#leastBytes = eventBytes;
  }

  /**
   * At least one token an event. An upstream that puts several into one shows it by its length: the
   * shortest event stands for the frame around the text.
   */
  get tokens(): number {
    if (this.events === 0) return 0;
    const textBytes = this.#bytes - this.events * (this.#leastBytes - 1);
    return Math.max(this.events, Math.ceil(textBytes / bytesPerOutputToken));
  }
}

/** The prompt by its bytes and the output as received. */
export function estimatedUsage(body: RequestBody | undefined, outputTokens: number): Usage {
  return { inputTokens: promptTokens(body), outputTokens, source: "estimated" };
}

/** Output tokens of a whole answer of this length without usage. */
export function outputTokensOf(bodyBytes: number): number {
  return Math.ceil(bodyBytes / bytesPerOutputToken);
}

function promptTokens(body: RequestBody | undefined): number {
  return body ? Math.ceil(body.scan.textBytes / bytesPerPromptToken) : 0;
}

/** All attempts of an exchange together; its source is the weakest that counted tokens. */
export function totalUsage(attempts: readonly AttemptRecord[]): Usage {
  const only = attempts.length === 1 ? attempts[0]?.usage : undefined;
  if (only) return only;
  let inputTokens = 0;
  let outputTokens = 0;
  let isEstimated = false;
  let isReported = false;
  let isUnknown = false;
  for (const { usage } of attempts) {
    if (!usage || usage.source === "none") continue;
    inputTokens += usage.inputTokens;
    outputTokens += usage.outputTokens;
    if (usage.source === "unknown") isUnknown = true;
    else if (usage.source === "estimated") isEstimated = true;
    else isReported = true;
  }
  if (isEstimated) return { inputTokens, outputTokens, source: "estimated" };
  if (isReported) return { inputTokens, outputTokens, source: "provider" };
  return isUnknown ? unknownUsage : noUsage;
}
