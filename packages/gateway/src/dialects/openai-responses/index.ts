import { parseJson } from "@loadline/kit/json";
import { keyTable } from "../../body/keys.ts";
import { gatewayErrors } from "../../errors.ts";
import type { Refusal } from "../../pipeline/exchange.ts";
import { errorBody } from "../envelope.ts";
import { readWhole } from "../answer.ts";
import type { Dialect } from "../dialect.ts";
import { dataOf, plainEvents, type StreamEvent } from "../events.ts";
import { isRecord, recordOf, textOf } from "../json.ts";
import { responsesUsage } from "../usage.ts";

const answerKeys = keyTable(["error", "usage", "output"]);
const preamble = new Set(["response.created", "response.in_progress", "response.queued"]);
const terminal = new Set(["response.completed", "response.incomplete"]);

/**
 * OpenAI's responses: content is every event but those that only announce; the last one carries the
 * whole answer, so it is finish and end marker in one.
 */
export const openaiResponses: Dialect = {
  id: "openai.responses",
  classify,
  // What the deltas said is said again by the events that are `done`.
  spokenKeys: ["delta"],
  endMarker: undefined,
  errorBody,
  errorFrame,
  readAnswer: (bytes) => readWhole(bytes, answerKeys, responsesUsage),
  requestIdHeader: "x-request-id",
};

function classify(text: string): StreamEvent {
  const data = dataOf(text);
  if (data === undefined) return plainEvents.comment;
  const value = parseJson(data);
  if (!isRecord(value)) return plainEvents.unreadable;
  const type = textOf(value["type"]);
  if (type === "error" || type === "response.failed") return plainEvents.error;
  if (terminal.has(type)) {
    const usage = responsesUsage(recordOf(value["response"])["usage"]);
    return usage ? { kind: "marker", isFinish: true, usage } : plainEvents.terminal;
  }
  if (type === "") return value["error"] == null ? plainEvents.content : plainEvents.error;
  const isAnnouncement = preamble.has(type) || type.endsWith(".added");
  return isAnnouncement ? plainEvents.preamble : plainEvents.content;
}

/** An `error` event; its number in the sequence is not known here and given as 0. */
function errorFrame(refusal: Refusal, requestId: string): Buffer {
  const row = gatewayErrors.table[refusal.code];
  const event = {
    type: "error",
    code: refusal.code,
    message: refusal.message ?? row.summary,
    param: refusal.param ?? null,
    sequence_number: 0,
    loadline: { requestId, remedy: row.remedy },
  };
  return Buffer.from(`event: error\ndata: ${JSON.stringify(event)}\n\n`);
}
