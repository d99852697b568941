import { type JsonRecord, listOf, recordOf, textOf } from "../../dialects/json.ts";
import { geminiUsage } from "../../dialects/usage.ts";
import type { AnswerContext, UpstreamCodec, WriteContext } from "../codec.ts";
import type { Answer, Ask, Delta, Losses, Part, StopReason, Turn } from "../neutral.ts";
import { addSystemLosses, argumentsOf, compact, dataUrl, joinTexts, mergeTurns } from "../parts.ts";

/** Upstreams that speak Gemini's generateContent. */
export const geminiUpstream: UpstreamCodec = { writeAsk, readAnswer, stream: readStream };

function writeAsk(ask: Ask, context: WriteContext, losses: Losses): unknown {
  if (ask.user !== undefined) losses.add("user");
  if (ask.isParallel === false) losses.add("parallel_tool_calls");
  if (ask.effort != null) losses.add("reasoning_effort");
  addSystemLosses(ask.turns, losses);
  for (const { isStrict, path } of ask.tools) if (isStrict === true) losses.add(`${path}.strict`);
  const names = new Map<string, string>();
  for (const turn of ask.turns)
    for (const part of turn.parts) if (part.kind === "tool_call") names.set(part.id, part.name);
  const system = ask.turns.filter((turn) => turn.role === "system");
  const turns = mergeTurns(ask.turns.filter((turn) => turn.role !== "system"));
  const text = system.map((turn) => joinTexts(turn.parts)).join("\n\n");
  return compact({
    contents: turns.map((turn) => ({
      role: turn.role === "assistant" ? "model" : "user",
      parts: turn.parts.flatMap((part) => writePart(part, turn, names, losses)),
    })),
    systemInstruction: system.length > 0 ? { parts: [{ text }] } : undefined,
    generationConfig: writeConfig(ask, context),
    tools: ask.tools.length > 0 ? [{ functionDeclarations: ask.tools.map(writeTool) }] : undefined,
    toolConfig: writeChoice(ask.toolChoice),
  });
}

function writeConfig(ask: Ask, context: WriteContext): unknown {
  const schema = ask.format?.kind === "schema" ? ask.format.schema : undefined;
  return compact({
    maxOutputTokens: context.outputBound || undefined,
    temperature: ask.temperature ?? undefined,
    topP: ask.topP ?? undefined,
    topK: ask.topK ?? undefined,
    stopSequences: ask.stop.length > 0 ? ask.stop : undefined,
    seed: ask.seed ?? undefined,
    frequencyPenalty: ask.frequencyPenalty ?? undefined,
    presencePenalty: ask.presencePenalty ?? undefined,
    responseMimeType: ask.format ? "application/json" : undefined,
    responseJsonSchema: schema,
  });
}

function writePart(
  part: Part,
  turn: Turn,
  names: ReadonlyMap<string, string>,
  losses: Losses,
): unknown[] {
  switch (part.kind) {
    case "text":
    case "thinking":
      return [{ text: part.text }];
    case "image": {
      const data = dataUrl(part.url);
      if (data) return [{ inlineData: { mimeType: data.mediaType, data: data.data } }];
      losses.add(`${turn.path}.content`);
      return [];
    }
    case "tool_call": {
      const args = argumentsOf(part.arguments);
      return [{ functionCall: { id: part.id, name: part.name, args } }];
    }
    case "tool_result": {
      const response = { result: part.text };
      return [{ functionResponse: { id: part.id, name: names.get(part.id) ?? "", response } }];
    }
  }
}

function writeTool({ name, description, schema }: Ask["tools"][number]): unknown {
  return compact({ name, description, parametersJsonSchema: schema });
}

const modes = { auto: "AUTO", none: "NONE", required: "ANY" } as const;

function writeChoice(choice: Ask["toolChoice"]): unknown {
  if (choice === undefined) return undefined;
  const functionCallingConfig =
    typeof choice === "object"
      ? { mode: "ANY", allowedFunctionNames: [choice.name] }
      : { mode: modes[choice] };
  return { functionCallingConfig };
}

const stops: Readonly<Record<string, StopReason>> = {
  STOP: "stop",
  MAX_TOKENS: "length",
  SAFETY: "filter",
  RECITATION: "filter",
  BLOCKLIST: "filter",
  PROHIBITED_CONTENT: "filter",
  SPII: "filter",
  LANGUAGE: "filter",
  IMAGE_SAFETY: "filter",
};

function stopOf(reason: unknown, hasCalls: boolean): StopReason {
  const stop = stops[textOf(reason)] ?? "stop";
  return hasCalls && stop === "stop" ? "tool_calls" : stop;
}

function readAnswer(body: JsonRecord, context: AnswerContext): Answer | undefined {
  const candidate = recordOf(listOf(body["candidates"])[0]);
  const blocked = recordOf(body["promptFeedback"])["blockReason"] != null;
  if (!blocked && candidate["content"] === undefined && candidate["finishReason"] === undefined)
    return undefined;
  const parts = readParts(candidate, context, 0);
  const hasCalls = parts.some((part) => part.kind === "tool_call");
  return {
    id: textOf(body["responseId"]),
    model: textOf(body["modelVersion"]),
    parts: joinNeighbours(parts),
    stop: blocked ? "filter" : stopOf(candidate["finishReason"], hasCalls),
    usage: geminiUsage(body["usageMetadata"]),
  };
}

/** `calls` tools were called before: a call without an id is named after its number. */
function readParts(candidate: JsonRecord, context: AnswerContext, calls: number): Part[] {
  let index = calls;
  return listOf(recordOf(candidate["content"])["parts"]).flatMap((item): Part[] => {
    const part = recordOf(item);
    if (typeof part["text"] === "string") {
      return [{ kind: part["thought"] === true ? "thinking" : "text", text: part["text"] }];
    }
    if (part["functionCall"] === undefined) return [];
    const { id, name, args } = recordOf(part["functionCall"]);
    const ownId = `call_${context.requestId}_${index++}`;
    const text = JSON.stringify(recordOf(args));
    return [{ kind: "tool_call", id: textOf(id) || ownId, name: textOf(name), arguments: text }];
  });
}

function joinNeighbours(parts: readonly Part[]): Part[] {
  const joined: Part[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (last?.kind === "text" && part.kind === "text")
      joined[joined.length - 1] = { kind: "text", text: last.text + part.text };
    else joined.push(part);
  }
  return joined;
}

function readStream(context: AnswerContext): (event: JsonRecord) => readonly Delta[] {
  let hasStarted = false;
  let calls = 0;
  return (event) => {
    const deltas: Delta[] = [];
    if (!hasStarted) {
      hasStarted = true;
      const [id, model] = [textOf(event["responseId"]), textOf(event["modelVersion"])];
      deltas.push({ kind: "start", id, model });
    }
    const candidate = recordOf(listOf(event["candidates"])[0]);
    for (const part of readParts(candidate, context, calls)) {
      if (part.kind === "tool_call") {
        const { id, name, arguments: text } = part;
        deltas.push({ kind: "tool", index: calls, id, name });
        deltas.push({ kind: "arguments", index: calls, text });
        calls++;
      } else if ((part.kind === "text" || part.kind === "thinking") && part.text !== "")
        deltas.push(part);
    }
    const usage = geminiUsage(event["usageMetadata"]);
    if (usage) deltas.push({ kind: "usage", usage });
    const isBlocked = recordOf(event["promptFeedback"])["blockReason"] != null;
    if (isBlocked) deltas.push({ kind: "finish", stop: "filter" });
    else if (candidate["finishReason"] != null)
      deltas.push({ kind: "finish", stop: stopOf(candidate["finishReason"], calls > 0) });
    return deltas;
  };
}
