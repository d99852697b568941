import { parseJson } from "../body/scan.ts";
import type { Usage } from "../pipeline/exchange.ts";

/** What one server-sent event is to the stream machine. */
export type EventKind =
  | "preamble"
  | "content"
  | "finish"
  | "usage"
  | "marker"
  | "error"
  | "comment"
  | "unreadable";

export interface StreamEvent {
  readonly kind: EventKind;
  /** The event also says that a choice is finished. */
  readonly isFinish: boolean;
  readonly usage?: Usage;
}

const preamble: StreamEvent = { kind: "preamble", isFinish: false };
const content: StreamEvent = { kind: "content", isFinish: false };
const lastContent: StreamEvent = { kind: "content", isFinish: true };
const finish: StreamEvent = { kind: "finish", isFinish: true };
const marker: StreamEvent = { kind: "marker", isFinish: false };
const failure: StreamEvent = { kind: "error", isFinish: false };
const comment: StreamEvent = { kind: "comment", isFinish: false };
const unreadable: StreamEvent = { kind: "unreadable", isFinish: false };

const contentFields = ["content", "reasoning_content", "reasoning", "refusal"] as const;
const toolFields = ["name", "arguments"] as const;

/** Classifies one event of a chat stream, given as its text without the closing blank line. */
export function classifyChatEvent(text: string): StreamEvent {
  const data = dataOf(text);
  if (data === undefined) return comment;
  if (data === "[DONE]") return marker;
  const value = parseJson(data);
  if (!isRecord(value)) return unreadable;
  if (value["error"] != null) return failure;
  const usage = usageOf(value["usage"]);
  const choices: unknown[] = Array.isArray(value["choices"]) ? value["choices"] : [];
  const event = classifyChoices(choices);
  if (!usage) return event;
  return choices.length === 0 ? { kind: "usage", isFinish: false, usage } : { ...event, usage };
}

/** `usage` of a chat or embeddings answer; undefined when absent or malformed. */
export function usageOf(value: unknown): Usage | undefined {
  if (!isRecord(value)) return undefined;
  const inputTokens = value["prompt_tokens"];
  const outputTokens = value["completion_tokens"] ?? 0;
  if (typeof inputTokens !== "number" || typeof outputTokens !== "number") return undefined;
  if (!(inputTokens >= 0 && outputTokens >= 0)) return undefined;
  return { inputTokens, outputTokens };
}

/** The data lines of an event joined; undefined when it has none. */
function dataOf(text: string): string | undefined {
  if (text.startsWith("data: ") && !text.includes("\n")) return text.slice(6);
  let data: string | undefined;
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (!line.startsWith("data:")) continue;
    const part = line.charCodeAt(5) === 0x20 ? line.slice(6) : line.slice(5);
    data = data === undefined ? part : `${data}\n${part}`;
  }
  return data;
}

function classifyChoices(choices: readonly unknown[]): StreamEvent {
  let hasContent = false;
  let isFinished = false;
  for (const choice of choices) {
    if (!isRecord(choice)) continue;
    hasContent ||= isRecord(choice["delta"]) && holdsContent(choice["delta"]);
    isFinished ||= choice["finish_reason"] != null;
  }
  if (hasContent) return isFinished ? lastContent : content;
  return isFinished ? finish : preamble;
}

function holdsContent(delta: Readonly<Record<string, unknown>>): boolean {
  for (const field of contentFields) {
    const value = delta[field];
    if (typeof value === "string" && value !== "") return true;
  }
  if (delta["audio"] != null) return true;
  const tools: unknown[] = Array.isArray(delta["tool_calls"]) ? delta["tool_calls"] : [];
  return [...tools, delta].some((tool) => isRecord(tool) && namesFunction(tool));
}

function namesFunction(tool: Readonly<Record<string, unknown>>): boolean {
  const called = tool["function"] ?? tool["function_call"];
  if (!isRecord(called)) return false;
  return toolFields.some((field) => typeof called[field] === "string" && called[field] !== "");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
