import { type JsonRecord, isFilled, listOf, recordOf, textOf } from "../../dialects/json.ts";
import { openaiUsage } from "../../dialects/usage.ts";
import type { AnswerContext, UpstreamCodec, WriteContext } from "../codec.ts";
import type { Answer, Ask, Delta, Losses, Part, StopReason, ToolCall, Turn } from "../neutral.ts";
import { compact, joinTexts } from "../parts.ts";
import { writeCall } from "./client.ts";

/** Upstreams that speak OpenAI's chat completions. */
export const chatUpstream: UpstreamCodec = { writeAsk, readAnswer, stream: readStream };

function writeAsk(ask: Ask, context: WriteContext, losses: Losses): unknown {
  if (ask.topK != null) losses.add("top_k");
  return compact({
    model: context.model,
    messages: ask.turns.flatMap(writeTurn),
    [context.boundName]: context.outputBound || undefined,
    temperature: ask.temperature ?? undefined,
    top_p: ask.topP ?? undefined,
    stop: ask.stop.length > 0 ? ask.stop : undefined,
    user: ask.user,
    seed: ask.seed ?? undefined,
    frequency_penalty: ask.frequencyPenalty ?? undefined,
    presence_penalty: ask.presencePenalty ?? undefined,
    reasoning_effort: ask.effort ?? undefined,
    tools: ask.tools.length > 0 ? ask.tools.map(writeTool) : undefined,
    tool_choice: writeChoice(ask.toolChoice),
    parallel_tool_calls: ask.tools.length > 0 ? ask.isParallel : undefined,
    response_format: writeFormat(ask.format),
    ...(ask.isStream && { stream: true, stream_options: { include_usage: true } }),
  });
}

/** Results of tools are messages of their own, before what the same turn says beside them. */
function writeTurn(turn: Turn): unknown[] {
  const results = turn.parts.flatMap((part) =>
    part.kind === "tool_result"
      ? [{ role: "tool", tool_call_id: part.id, content: part.text }]
      : [],
  );
  const calls = turn.parts.filter((part): part is ToolCall => part.kind === "tool_call");
  const said = turn.parts.filter((part) => part.kind === "text" || part.kind === "image");
  if (said.length === 0 && calls.length === 0 && results.length > 0) return results;
  const content = writeContent(said, turn.role === "user");
  const message = { role: turn.role, content: calls.length > 0 && content === "" ? null : content };
  const toolCalls = calls.length > 0 && { tool_calls: calls.map(writeCall) };
  return [...results, { ...message, ...toolCalls }];
}

function writeContent(parts: readonly Part[], mayBeList: boolean): unknown {
  if (!mayBeList || parts.length < 2) {
    const hasImage = parts.some((part) => part.kind === "image");
    if (!hasImage) return joinTexts(parts);
  }
  return parts.map((part) =>
    part.kind === "image"
      ? { type: "image_url", image_url: { url: part.url } }
      : { type: "text", text: part.kind === "text" ? part.text : "" },
  );
}

function writeTool(tool: Ask["tools"][number]): unknown {
  const { name, description, schema, isStrict } = tool;
  const called = compact({ name, description, parameters: schema, strict: isStrict });
  return { type: "function", function: called };
}

function writeChoice(choice: Ask["toolChoice"]): unknown {
  return typeof choice === "object"
    ? { type: "function", function: { name: choice.name } }
    : choice;
}

function writeFormat(format: Ask["format"]): unknown {
  if (!format) return undefined;
  if (format.kind === "json") return { type: "json_object" };
  const { name, description, schema, isStrict: strict } = format;
  return { type: "json_schema", json_schema: compact({ name, description, schema, strict }) };
}

function readAnswer(body: JsonRecord): Answer | undefined {
  const choice = recordOf(listOf(body["choices"])[0]);
  const message = recordOf(choice["message"]);
  if (choice["message"] === undefined) return undefined;
  const parts: Part[] = [];
  const thinking = textOf(message["reasoning_content"]) || textOf(message["reasoning"]);
  if (thinking !== "") parts.push({ kind: "thinking", text: thinking });
  const text = textOf(message["content"]) || textOf(message["refusal"]);
  if (text !== "") parts.push({ kind: "text", text });
  for (const call of listOf(message["tool_calls"])) parts.push(readCall(recordOf(call)));
  return {
    id: textOf(body["id"]),
    model: textOf(body["model"]),
    parts,
    stop: stopOf(choice["finish_reason"]),
    usage: openaiUsage(body["usage"]),
  };
}

function readCall(call: JsonRecord): ToolCall {
  const { name, arguments: text } = recordOf(call["function"]);
  return { kind: "tool_call", id: textOf(call["id"]), name: textOf(name), arguments: textOf(text) };
}

const stops: Readonly<Record<string, StopReason>> = {
  stop: "stop",
  length: "length",
  tool_calls: "tool_calls",
  function_call: "tool_calls",
  content_filter: "filter",
};

function stopOf(reason: unknown): StopReason {
  return stops[textOf(reason)] ?? "stop";
}

function readStream(_context: AnswerContext): (event: JsonRecord) => readonly Delta[] {
  let hasStarted = false;
  const begun = new Set<number>();
  return (event) => {
    const deltas: Delta[] = [];
    if (!hasStarted) {
      hasStarted = true;
      deltas.push({ kind: "start", id: textOf(event["id"]), model: textOf(event["model"]) });
    }
    const choice = recordOf(listOf(event["choices"])[0]);
    readDelta(recordOf(choice["delta"]), begun, deltas);
    if (choice["finish_reason"] != null)
      deltas.push({ kind: "finish", stop: stopOf(choice["finish_reason"]) });
    const usage = openaiUsage(event["usage"]);
    if (usage) deltas.push({ kind: "usage", usage });
    return deltas;
  };
}

function readDelta(delta: JsonRecord, begun: Set<number>, deltas: Delta[]): void {
  // Two spellings of one member: an upstream that writes both says the same in them.
  const thought = textOf(delta["reasoning_content"]) || textOf(delta["reasoning"]);
  if (thought !== "") deltas.push({ kind: "thinking", text: thought });
  for (const field of ["content", "refusal"]) {
    const text = delta[field];
    if (isFilled(text)) deltas.push({ kind: "text", text });
  }
  for (const item of listOf(delta["tool_calls"])) {
    const call = recordOf(item);
    const index = typeof call["index"] === "number" ? call["index"] : 0;
    const { name, arguments: text } = recordOf(call["function"]);
    if (!begun.has(index)) {
      begun.add(index);
      deltas.push({ kind: "tool", index, id: textOf(call["id"]), name: textOf(name) });
    }
    if (isFilled(text)) deltas.push({ kind: "arguments", index, text });
  }
}
