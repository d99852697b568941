import { parseJson } from "@loadline/kit/json";
import { textTokens } from "../body/prompt-tokens.ts";
import type { RequestBody } from "../body/request.ts";
import type { Dialect } from "../dialects/dialect.ts";
import type { AttemptRecord, Usage } from "../pipeline/exchange.ts";

const bytesPerOutputToken = 4;
const bytesPerLongToken = 8;
const quote = 0x22;
const backslash = 0x5c;

/** No upstream did any work. */
export const noUsage: Usage = { inputTokens: 0, outputTokens: 0, source: "none" };

/** Work may have been done and nobody can say how much. */
export const unknownUsage: Usage = { inputTokens: 0, outputTokens: 0, source: "unknown" };

/** What was received of an answer without its usage, counted as it comes. */
export class Received {
  /** Events with content. */
  events = 0;
  #textBytes = 0;

  /** Takes a content event by the bytes of its text, without what stands around it. */
  add(textBytes: number): void {
    this.events++;
    this.#textBytes += textBytes;
  }

  /** At least one token an event. An upstream that puts several into one shows it by the text. */
  get tokens(): number {
    return Math.max(this.events, Math.ceil(this.#textBytes / bytesPerOutputToken));
  }

  /** Tokens that it is without doubt: plain words and indented code have up to 8 bytes a token. */
  get tokensSure(): number {
    return Math.max(this.events, Math.ceil(this.#textBytes / bytesPerLongToken));
  }
}

/**
 * Bytes of the text in the members of these names, however deep they are; escapes count as one. Of
 * names in a list only the one with the longest text counts.
 */
export function spokenBytes(event: string, names: Dialect["spokenKeys"]): number {
  let bytes = 0;
  for (const name of names)
    bytes += typeof name === "string" ? namedBytes(event, name) : mostBytes(event, name);
  return bytes;
}

function mostBytes(event: string, names: readonly string[]): number {
  let most = 0;
  for (const name of names) most = Math.max(most, namedBytes(event, name));
  return most;
}

function namedBytes(event: string, name: string): number {
  const quoted = `"${name}"`;
  let bytes = 0;
  for (let at = event.indexOf(quoted); at >= 0; at = event.indexOf(quoted, at + 1)) {
    const from = valueStart(event, at + quoted.length);
    if (from >= 0) bytes += stringBytes(event, from);
  }
  return bytes;
}

/** Offset of the string that is the value of a member whose name ends at `at`; -1: it is none. */
function valueStart(event: string, at: number): number {
  const colon = skipSpace(event, at);
  if (event.charCodeAt(colon) !== 0x3a) return -1;
  const start = skipSpace(event, colon + 1);
  return event.charCodeAt(start) === quote ? start : -1;
}

function skipSpace(event: string, from: number): number {
  let at = from;
  while (event.charCodeAt(at) === 0x20) at++;
  return at;
}

function stringBytes(event: string, from: number): number {
  let hasEscape = false;
  let at = from + 1;
  for (; at < event.length && event.charCodeAt(at) !== quote; at++) {
    if (event.charCodeAt(at) !== backslash) continue;
    hasEscape = true;
    at++;
  }
  if (!hasEscape) return Buffer.byteLength(event.slice(from + 1, at));
  const text = parseJson(event.slice(from, at + 1));
  return typeof text === "string" ? Buffer.byteLength(text) : 0;
}

/** The prompt by its bytes and the output as received. */
export function estimatedUsage(body: RequestBody | undefined, outputTokens: number): Usage {
  return { inputTokens: body ? textTokens(body) : 0, outputTokens, source: "estimated" };
}

/** Output tokens of a whole answer of this length without usage. */
export function outputTokensOf(bodyBytes: number): number {
  return Math.ceil(bodyBytes / bytesPerOutputToken);
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
