import { parseJson } from "@loadline/kit/json";
import { keyTable } from "../../body/keys.ts";
import { readWhole } from "../answer.ts";
import type { Dialect } from "../dialect.ts";
import { dataOf, plainEvents, type StreamEvent } from "../events.ts";
import { isRecord, type JsonRecord, recordOf } from "../json.ts";
import { anthropicUsage } from "../usage.ts";
import { errorBody, errorFrame } from "./errors.ts";

const answerKeys = keyTable(["error", "usage", "content"]);
/** Blocks whose start already says something: the name of a tool, or a whole result. */
const emptyBlocks = new Set<unknown>(["text", "thinking"]);

/** Anthropic's messages: content is a delta, or the start of a block that is not empty text. */
export const anthropicMessages: Dialect = {
  id: "anthropic.messages",
  classify,
  textKeys: ["text", "thinking", "partial_json"],
  spokenKeys: ["text", "thinking", "partial_json"],
  endMarker: Buffer.from('event: message_stop\ndata: {"type":"message_stop"}\n\n'),
  errorBody,
  errorFrame,
  readAnswer: (bytes) => readWhole(bytes, answerKeys, anthropicUsage),
  requestIdHeader: "request-id",
};

function classify(text: string): StreamEvent {
  const data = dataOf(text);
  if (data === undefined) return plainEvents.comment;
  const value = parseJson(data);
  if (!isRecord(value)) return plainEvents.unreadable;
  switch (value["type"]) {
    case "ping":
      return plainEvents.preamble;
    case "message_start":
      return withUsage(plainEvents.preamble, recordOf(value["message"])["usage"]);
    case "content_block_start":
      return emptyBlocks.has(recordOf(value["content_block"])["type"])
        ? plainEvents.preamble
        : plainEvents.content;
    case "content_block_stop":
      return plainEvents.preamble;
    case "message_delta":
      return withUsage(messageDelta(value), value["usage"]);
    case "message_stop":
      return plainEvents.marker;
    case "error":
      return plainEvents.error;
    default:
      return plainEvents.content;
  }
}

function messageDelta(value: JsonRecord): StreamEvent {
  const isFinish = recordOf(value["delta"])["stop_reason"] != null;
  return isFinish ? plainEvents.finish : plainEvents.preamble;
}

function withUsage(event: StreamEvent, value: unknown): StreamEvent {
  const usage = anthropicUsage(value);
  return usage ? { kind: event.kind, isFinish: event.isFinish, usage } : event;
}
