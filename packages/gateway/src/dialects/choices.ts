import { parseJson } from "@loadline/kit/json";
import { dataOf, isErrorEvent, plainEvents, type StreamEvent } from "./events.ts";
import { isRecord, type JsonRecord, listOf } from "./json.ts";
import { openaiUsage } from "./usage.ts";

/** Classifies one event of OpenAI's streams of choices; `hasContent` says it of one choice. */
export function classifyChoiceEvent(
  text: string,
  hasContent: (choice: JsonRecord) => boolean,
): StreamEvent {
  const data = dataOf(text);
  if (data === undefined) return plainEvents.comment;
  if (data === "[DONE]") return plainEvents.marker;
  const value = parseJson(data);
  if (!isRecord(value)) return plainEvents.unreadable;
  if (value["error"] != null || isErrorEvent(text)) return plainEvents.error;
  const choices = listOf(value["choices"]);
  const event = classifyChoices(choices, hasContent);
  const usage = value["usage"] == null ? undefined : openaiUsage(value["usage"]);
  if (!usage) return event;
  const { kind, isFinish } = event;
  return choices.length === 0
    ? { kind: "usage", isFinish: false, usage }
    : { kind, isFinish, usage };
}

function classifyChoices(
  choices: readonly unknown[],
  hasContent: (choice: JsonRecord) => boolean,
): StreamEvent {
  let isContent = false;
  let isFinished = false;
  for (const choice of choices) {
    if (!isRecord(choice)) continue;
    isContent ||= hasContent(choice);
    isFinished ||= choice["finish_reason"] != null;
  }
  if (isContent) return isFinished ? plainEvents.lastContent : plainEvents.content;
  return isFinished ? plainEvents.finish : plainEvents.preamble;
}
