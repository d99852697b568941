import { type JsonRecord, isRecord } from "@loadline/kit/json";
import { countOf, type Dialect, listOf, objectOf, openEvent, type Seen } from "./dialect.ts";

/** Delta events and what they carry; `.done` events repeat them and are no content. */
const deltas: ReadonlyMap<string, "reasoning" | "output"> = new Map([
  ["response.output_text.delta", "output"],
  ["response.refusal.delta", "output"],
  ["response.reasoning_text.delta", "reasoning"],
  ["response.reasoning_summary_text.delta", "reasoning"],
  ["response.function_call_arguments.delta", "output"],
  ["response.custom_tool_call_input.delta", "output"],
  ["response.mcp_call_arguments.delta", "output"],
  ["response.code_interpreter_call_code.delta", "output"],
  ["response.audio.delta", "output"],
  ["response.audio.transcript.delta", "output"],
]);

/** OpenAI's Responses dialect: typed events, ended by `response.completed|incomplete|failed`. */
export const responsesDialect: Dialect = {
  kind: "responses",
  path: "/responses",
  headers: [],
  body: (r, messages) => ({
    model: r.model,
    input: messages,
    max_output_tokens: r.maxTokens,
    stream: r.stream,
  }),
  readEvent(data, type, seen) {
    // Some servers add the marker of another dialect: it ends nothing here.
    if (data === "[DONE]") return;
    const event = openEvent(data, type, seen);
    if (event === null) return;
    const name = event["type"];
    if (typeof name !== "string") return;
    seen.answer = name.startsWith("response.");
    const as = deltas.get(name);
    if (as !== undefined) seen.mark(event["delta"], as);
    else if (name === "response.output_item.added") readCallName(event["item"], seen);
    else if (name === "error") seen.fault = "stream_error";
    else readEnd(name, objectOf(event["response"]), seen);
  },
  readBody(body, seen) {
    const output = body["output"];
    if (!Array.isArray(output) || body["status"] === "failed") return false;
    for (const item of output) readItem(objectOf(item), seen);
    seen.tokens = countOf(body["usage"], "output_tokens");
    seen.markEnd(body["status"], ownEnds);
    return true;
  },
};

const ownEnds = ["completed", "response.completed"];

function readEnd(name: string, response: JsonRecord, seen: Seen): void {
  if (name === "response.failed") seen.fault = "stream_error";
  else if (name !== "response.completed" && name !== "response.incomplete") return;
  seen.ended = true;
  seen.markEnd(name, ownEnds);
  seen.tokens = countOf(response["usage"], "output_tokens");
}

function readCallName(value: unknown, seen: Seen): void {
  const item = objectOf(value);
  const { type } = item;
  if (typeof type === "string" && type.endsWith("_call")) seen.mark(item["name"], "output");
}

function readItem(item: JsonRecord, seen: Seen): void {
  const as = item["type"] === "reasoning" ? "reasoning" : "output";
  for (const list of [item["content"], item["summary"]]) {
    for (const part of listOf(list)) {
      if (!isRecord(part)) continue;
      seen.mark(part["text"], as);
      seen.mark(part["refusal"], "output");
    }
  }
  readCallName(item, seen);
  seen.mark(item["arguments"], "output");
  seen.mark(item["input"], "output");
}
