import { keyTable } from "../../body/keys.ts";
import { errorBody, errorFrame } from "../envelope.ts";
import { readWhole } from "../answer.ts";
import { classifyChoiceEvent } from "../choices.ts";
import type { Dialect } from "../dialect.ts";
import { isFilled, isRecord, type JsonRecord, listOf } from "../json.ts";
import { openaiUsage } from "../usage.ts";

const answerKeys = keyTable(["error", "usage", "choices"]);
const contentFields = ["content", "reasoning_content", "reasoning", "refusal"] as const;

/** OpenAI's chat completions: content is text, reasoning, refusal, audio or a tool call. */
export const openaiChat: Dialect = {
  id: "openai.chat",
  classify: (text) => classifyChoiceEvent(text, holdsContent),
  textKeys: ["content", "reasoning_content", "reasoning", "arguments"],
  spokenKeys: ["content", ["reasoning_content", "reasoning"], "refusal", "arguments"],
  endMarker: Buffer.from("data: [DONE]\n\n"),
  errorBody,
  errorFrame,
  readAnswer: (bytes) => readWhole(bytes, answerKeys, openaiUsage),
  requestIdHeader: "x-request-id",
};

function holdsContent({ delta }: JsonRecord): boolean {
  if (!isRecord(delta)) return false;
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
