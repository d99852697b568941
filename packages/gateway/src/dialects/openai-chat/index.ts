import { parseJson } from "@loadline/kit/json";
import { keyTable } from "../../body/keys.ts";
import { errorBody, errorFrame } from "../../stream/frames.ts";
import { readWhole } from "../answer.ts";
import type { Dialect } from "../dialect.ts";
import { dataOf, isErrorEvent, plainEvents, type StreamEvent } from "../events.ts";
import { isFilled, isRecord, type JsonRecord, listOf } from "../json.ts";
import { openaiUsage } from "../usage.ts";

const answerKeys = keyTable(["error", "usage", "choices"]);
const contentFields = ["content", "reasoning_content", "reasoning", "refusal"] as const;

/** OpenAI's chat completions: content is text, reasoning, refusal, audio or a tool call. */
export const openaiChat: Dialect = {
  id: "openai.chat",
  classify: classifyChatEvent,
  textKeys: ["content", "reasoning_content", "reasoning", "arguments"],
  spokenKeys: ["content", ["reasoning_content", "reasoning"], "refusal", "arguments"],
  endMarker: Buffer.from("data: [DONE]\n\n"),
  errorBody,
  errorFrame,
  readAnswer: (bytes) => readWhole(bytes, answerKeys, openaiUsage),
  requestIdHeader: "x-request-id",
};

/** Classifies one event of a chat stream, given as its text without the closing blank line. */
export function classifyChatEvent(text: string): StreamEvent {
  const data = dataOf(text);
  if (data === undefined) return plainEvents.comment;
  if (data === "[DONE]") return plainEvents.marker;
  const value = parseJson(data);
  if (!isRecord(value)) return plainEvents.unreadable;
  if (value["error"] != null || isErrorEvent(text)) return plainEvents.error;
  const choices = listOf(value["choices"]);
  const event = classifyChoices(choices);
  const usage = value["usage"] == null ? undefined : openaiUsage(value["usage"]);
  if (!usage) return event;
  return choices.length === 0
    ? { kind: "usage", isFinish: false, usage }
    : { kind: event.kind, isFinish: event.isFinish, usage };
}

function classifyChoices(choices: readonly unknown[]): StreamEvent {
  let hasContent = false;
  let isFinished = false;
  for (const choice of choices) {
    if (!isRecord(choice)) continue;
    hasContent ||= isRecord(choice["delta"]) && holdsContent(choice["delta"]);
    isFinished ||= choice["finish_reason"] != null;
  }
  if (hasContent) return isFinished ? plainEvents.lastContent : plainEvents.content;
  return isFinished ? plainEvents.finish : plainEvents.preamble;
}

function holdsContent(delta: JsonRecord): boolean {
  for (const field of contentFields) if (isFilled(delta[field])) return true;
  if (delta["audio"] != null || namesFunction(delta)) return true;
  for (const tool of listOf(delta["tool_calls"])) {
    if (isRecord(tool) && namesFunction(tool)) return true;
  }
  return false;
}

function namesFunction(tool: JsonRecord): boolean {
  const called = tool["function"] ?? tool["function_call"];
  return isRecord(called) && (isFilled(called["name"]) || isFilled(called["arguments"]));
}
