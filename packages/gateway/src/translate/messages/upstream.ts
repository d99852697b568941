import { isFilled, type JsonRecord, listOf, recordOf, textOf } from "../../dialects/json.ts";
import { anthropicUsage, laterUsage } from "../../dialects/usage.ts";
import type { Usage } from "../../pipeline/exchange.ts";
import type { AnswerContext, UpstreamCodec, WriteContext } from "../codec.ts";
import type { Answer, Ask, Delta, Losses, Part, StopReason, Turn } from "../neutral.ts";
import { addSystemLosses, argumentsOf, compact, dataUrl, joinTexts, mergeTurns } from "../parts.ts";

/** A bound is required here: what is asked for when neither client nor limits give one. */
const defaultBound = 4096;

/** Upstreams that speak Anthropic's messages. */
export const messagesUpstream: UpstreamCodec = { writeAsk, readAnswer, stream: readStream };

function writeAsk(ask: Ask, context: WriteContext, losses: Losses): unknown {
  addLosses(ask, losses);
  const system = ask.turns.filter((turn) => turn.role === "system");
  const turns = mergeTurns(ask.turns.filter((turn) => turn.role !== "system"));
  return compact({
    model: context.model,
    max_tokens: context.outputBound || defaultBound,
    system:
      system.length > 0 ? system.map((turn) => joinTexts(turn.parts)).join("\n\n") : undefined,
    messages: turns.map((turn) => ({ role: turn.role, content: turn.parts.map(writePart) })),
    temperature: ask.temperature ?? undefined,
    top_p: ask.topP ?? undefined,
    top_k: ask.topK ?? undefined,
    stop_sequences: ask.stop.length > 0 ? ask.stop : undefined,
    metadata: ask.user === undefined ? undefined : { user_id: ask.user },
    tools: ask.tools.length > 0 ? ask.tools.map(writeTool) : undefined,
    tool_choice: writeChoice(ask),
    stream: ask.isStream ? true : undefined,
  });
}

function addLosses(ask: Ask, losses: Losses): void {
  if (ask.seed != null) losses.add("seed");
  if (ask.frequencyPenalty != null && ask.frequencyPenalty !== 0) losses.add("frequency_penalty");
  if (ask.presencePenalty != null && ask.presencePenalty !== 0) losses.add("presence_penalty");
  if (ask.effort != null) losses.add("reasoning_effort");
  if (ask.format) losses.add("response_format");
  addSystemLosses(ask.turns, losses);
}

function writePart(part: Turn["parts"][number]): unknown {
  switch (part.kind) {
    case "text":
      return { type: "text", text: part.text };
    case "thinking":
      return { type: "text", text: part.text };
    case "image": {
      const data = dataUrl(part.url);
      if (!data) return { type: "image", source: { type: "url", url: part.url } };
      const source = { type: "base64", media_type: data.mediaType, data: data.data };
      return { type: "image", source };
    }
    case "tool_call": {
      const input = argumentsOf(part.arguments);
      return { type: "tool_use", id: part.id, name: part.name, input };
    }
    case "tool_result":
      return { type: "tool_result", tool_use_id: part.id, content: part.text };
  }
}

function writeTool({ name, description, schema, isStrict }: Ask["tools"][number]): unknown {
  return compact({ name, description, input_schema: schema, strict: isStrict || undefined });
}

function writeChoice(ask: Ask): unknown {
  const { toolChoice: choice, isParallel } = ask;
  const isSerial = isParallel === false && ask.tools.length > 0;
  if (choice === undefined && !isSerial) return undefined;
  const serial = isSerial && choice !== "none" && { disable_parallel_tool_use: true };
  if (typeof choice === "object") return { type: "tool", name: choice.name, ...serial };
  const type = choice === "required" ? "any" : (choice ?? "auto");
  return { type, ...serial };
}

const stops: Readonly<Record<string, StopReason>> = {
  end_turn: "stop",
  stop_sequence: "stop",
  pause_turn: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool_calls",
  refusal: "filter",
};

function stopOf(reason: unknown): StopReason {
  return stops[textOf(reason)] ?? "stop";
}

function readAnswer(body: JsonRecord): Answer | undefined {
  if (!Array.isArray(body["content"])) return undefined;
  return {
    id: textOf(body["id"]),
    model: textOf(body["model"]),
    parts: listOf(body["content"]).flatMap((block) => readBlock(recordOf(block))),
    stop: stopOf(body["stop_reason"]),
    usage: anthropicUsage(body["usage"]),
  };
}

function readBlock(block: JsonRecord): Part[] {
  switch (block["type"]) {
    case "text":
      return [{ kind: "text", text: textOf(block["text"]) }];
    case "thinking":
      return [{ kind: "thinking", text: textOf(block["thinking"]) }];
    case "tool_use": {
      const [id, name] = [textOf(block["id"]), textOf(block["name"])];
      const text = JSON.stringify(recordOf(block["input"]));
      return [{ kind: "tool_call", id, name, arguments: text }];
    }
    default:
      return [];
  }
}

function readStream(_context: AnswerContext): (event: JsonRecord) => readonly Delta[] {
  let tool = -1;
  let usage: Usage | undefined;
  const takeUsage = (value: unknown): Delta[] => {
    const next = anthropicUsage(value);
    if (!next) return [];
    usage = laterUsage(usage, next);
    return [{ kind: "usage", usage }];
  };
  return (event) => {
    switch (event["type"]) {
      case "message_start": {
        const message = recordOf(event["message"]);
        const start = { id: textOf(message["id"]), model: textOf(message["model"]) };
        return [{ kind: "start", ...start }, ...takeUsage(message["usage"])];
      }
      case "content_block_start": {
        const block = recordOf(event["content_block"]);
        if (block["type"] === "tool_use") tool++;
        return readStart(block, tool);
      }
      case "content_block_delta":
        return readDelta(recordOf(event["delta"]), tool);
      case "message_delta": {
        const reason = recordOf(event["delta"])["stop_reason"];
        const finish: Delta[] = reason == null ? [] : [{ kind: "finish", stop: stopOf(reason) }];
        return [...takeUsage(event["usage"]), ...finish];
      }
      default:
        return [];
    }
  };
}

function readStart(block: JsonRecord, index: number): Delta[] {
  if (block["type"] === "text" && isFilled(block["text"]))
    return [{ kind: "text", text: block["text"] }];
  if (block["type"] !== "tool_use") return [];
  const input = recordOf(block["input"]);
  const tool: Delta = { kind: "tool", index, id: textOf(block["id"]), name: textOf(block["name"]) };
  if (Object.keys(input).length === 0) return [tool];
  return [tool, { kind: "arguments", index, text: JSON.stringify(input) }];
}

function readDelta(delta: JsonRecord, index: number): Delta[] {
  const { text, thinking, partial_json: json } = delta;
  if (isFilled(text)) return [{ kind: "text", text }];
  if (isFilled(thinking)) return [{ kind: "thinking", text: thinking }];
  return isFilled(json) ? [{ kind: "arguments", index, text: json }] : [];
}
