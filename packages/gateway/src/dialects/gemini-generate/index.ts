import { parseJson } from "@loadline/kit/json";
import { keyTable } from "../../body/keys.ts";
import { errorBody, errorFrame } from "../envelope.ts";
import { readWhole } from "../answer.ts";
import type { Dialect } from "../dialect.ts";
import { dataOf, plainEvents, type StreamEvent } from "../events.ts";
import { isFilled, isRecord, type JsonRecord, listOf, recordOf } from "../json.ts";
import { geminiUsage } from "../usage.ts";

const answerKeys = keyTable(["error", "usageMetadata", "candidates"]);

/**
 * Gemini's generateContent, spoken to upstreams only: content is a part of a candidate; the stream
 * ends with the body, without a marker.
 */
export const geminiGenerate: Dialect = {
  id: "gemini.generate",
  classify,
  // A call's arguments are an object: each event says itself how much was said.
  spokenKeys: [],
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
  let spokenBytes = 0;
  let isFinish = recordOf(value["promptFeedback"])["blockReason"] != null;
  for (const candidate of listOf(value["candidates"])) {
    if (!isRecord(candidate)) continue;
    for (const part of listOf(recordOf(candidate["content"])["parts"])) {
      hasContent ||= isContent(part);
      spokenBytes += spokenBytesOf(recordOf(part));
    }
    isFinish ||= candidate["finishReason"] != null;
  }
  const usage = geminiUsage(value["usageMetadata"]);
  const kind = hasContent ? "content" : isFinish ? "finish" : "preamble";
  return usage ? { kind, isFinish, usage, spokenBytes } : { kind, isFinish, spokenBytes };
}

function isContent(part: unknown): boolean {
  return isRecord(part) && (!("text" in part) || isFilled(part["text"]));
}

/** What the model wrote: its text, a call with all its arguments, code to be run; media is none. */
function spokenBytesOf(part: JsonRecord): number {
  const { text, functionCall, executableCode } = part;
  if (typeof text === "string") return Buffer.byteLength(text);
  const { name, args } = recordOf(functionCall);
  return heldBytes([name, args, recordOf(executableCode)["code"]]);
}

/** Bytes of the strings, figures and members' names in a value, however deep they are. */
function heldBytes(value: unknown): number {
  let bytes = 0;
  const open = [value];
  while (open.length > 0) {
    const one = open.pop();
    if (typeof one === "string") bytes += Buffer.byteLength(one);
    else if (typeof one === "number" || typeof one === "boolean") bytes += `${one}`.length;
    for (const item of listOf(one)) open.push(item);
    for (const [name, item] of Object.entries(recordOf(one))) {
      bytes += Buffer.byteLength(name);
      open.push(item);
    }
  }
  return bytes;
}
