import { parseJson } from "@loadline/kit/json";
import { keyTable } from "../../body/keys.ts";
import { errorBody, errorFrame } from "../../stream/frames.ts";
import { readWhole } from "../answer.ts";
import type { Dialect } from "../dialect.ts";
import { dataOf, isErrorEvent, plainEvents, type StreamEvent } from "../events.ts";
import { isFilled, isRecord, listOf } from "../json.ts";
import { openaiUsage } from "../usage.ts";

const answerKeys = keyTable(["error", "usage", "choices"]);

/** OpenAI's text completions: content is a choice with text. */
export const openaiCompletions: Dialect = {
  id: "openai.completions",
  classify,
  textKeys: ["text"],
  spokenKeys: ["text"],
  endMarker: Buffer.from("data: [DONE]\n\n"),
  errorBody,
  errorFrame,
  readAnswer: (bytes) => readWhole(bytes, answerKeys, openaiUsage),
  requestIdHeader: "x-request-id",
};

function classify(text: string): StreamEvent {
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
  const { kind, isFinish } = event;
  return choices.length === 0
    ? { kind: "usage", isFinish: false, usage }
    : { kind, isFinish, usage };
}

function classifyChoices(choices: readonly unknown[]): StreamEvent {
  let hasContent = false;
  let isFinished = false;
  for (const choice of choices) {
    if (!isRecord(choice)) continue;
    hasContent ||= isFilled(choice["text"]);
    isFinished ||= choice["finish_reason"] != null;
  }
  if (hasContent) return isFinished ? plainEvents.lastContent : plainEvents.content;
  return isFinished ? plainEvents.finish : plainEvents.preamble;
}
