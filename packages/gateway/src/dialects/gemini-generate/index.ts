import { parseJson } from "@loadline/kit/json";
import { keyTable } from "../../body/keys.ts";
import { errorBody, errorFrame } from "../../stream/frames.ts";
import { readWhole } from "../answer.ts";
import type { Dialect } from "../dialect.ts";
import { dataOf, plainEvents, type StreamEvent } from "../events.ts";
import { isFilled, isRecord, listOf, recordOf } from "../json.ts";
import { geminiUsage } from "../usage.ts";

const answerKeys = keyTable(["error", "usageMetadata", "candidates"]);

/**
 * Gemini's generateContent, spoken to upstreams only: content is a part of a candidate; the stream
 * ends with the body, without a marker.
 */
export const geminiGenerate: Dialect = {
  id: "gemini.generate",
  classify,
  spokenKeys: ["text"],
  endMarker: undefined,
  errorBody,
  errorFrame,
  readAnswer: (bytes) => readWhole(bytes, answerKeys, geminiUsage),
  requestIdHeader: "x-request-id",
};

function classify(text: string): StreamEvent {
  const data = dataOf(text);
  if (data === undefined) return plainEvents.comment;
  const value = parseJson(data);
  if (!isRecord(value)) return plainEvents.unreadable;
  if (value["error"] != null) return plainEvents.error;
  let hasContent = false;
  let isFinish = recordOf(value["promptFeedback"])["blockReason"] != null;
  for (const candidate of listOf(value["candidates"])) {
    if (!isRecord(candidate)) continue;
    hasContent ||= listOf(recordOf(candidate["content"])["parts"]).some(isContent);
    isFinish ||= candidate["finishReason"] != null;
  }
  const usage = geminiUsage(value["usageMetadata"]);
  const kind = hasContent ? "content" : isFinish ? "finish" : "preamble";
  return usage ? { kind, isFinish, usage } : { kind, isFinish };
}

function isContent(part: unknown): boolean {
  return isRecord(part) && (!("text" in part) || isFilled(part["text"]));
}
