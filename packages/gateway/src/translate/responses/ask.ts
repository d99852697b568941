import { type JsonRecord, listOf, recordOf, textOf } from "../../dialects/json.ts";
import type { AnswerFormat, Ask, Losses, Part, Tool, ToolChoice, Turn } from "../neutral.ts";
import { booleanOf, mergeTurns, schemaFormat } from "../parts.ts";

const known = new Set([
  "model",
  "input",
  "instructions",
  "max_output_tokens",
  "temperature",
  "top_p",
  "stream",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "text",
  "reasoning",
  "user",
  "loadline",
]);

/** Reads a request of OpenAI's responses. Nothing is stored, so nothing earlier can be named. */
export function readResponsesAsk(body: JsonRecord, losses: Losses): Ask {
  const { store, truncation, include, metadata, background, ...rest } = body;
  losses.addUnknown(rest, known);
  if (store === true) losses.add("store");
  if (truncation != null && truncation !== "disabled") losses.add("truncation");
  if (listOf(include).length > 0) losses.add("include");
  if (Object.keys(recordOf(metadata)).length > 0) losses.add("metadata");
  if (background === true) losses.add("background");
  const reasoning = recordOf(body["reasoning"]);
  losses.addUnknown(reasoning, new Set(["effort"]), "reasoning.");
  const text = recordOf(body["text"]);
  losses.addUnknown(text, new Set(["format"]), "text.");
  return {
    turns: [
      ...instructionsOf(body["instructions"], losses),
      ...mergeTurns(turnsOf(body["input"], losses)),
    ],
    tools: listOf(body["tools"]).flatMap((tool, i) => toolOf(recordOf(tool), i, losses)),
    toolChoice: choiceOf(body["tool_choice"], losses),
    isParallel: booleanOf(body["parallel_tool_calls"]),
    isStream: body["stream"] === true,
    temperature: body["temperature"],
    topP: body["top_p"],
    topK: undefined,
    stop: [],
    user: textOf(body["user"]) || undefined,
    seed: undefined,
    frequencyPenalty: undefined,
    presencePenalty: undefined,
    effort: reasoning["effort"],
    format: formatOf(recordOf(text["format"]), losses),
  };
}

function instructionsOf(instructions: unknown, losses: Losses): Turn[] {
  if (instructions != null && typeof instructions !== "string") losses.add("instructions");
  const text = textOf(instructions);
  if (text === "") return [];
  return [{ role: "system", parts: [{ kind: "text", text }], path: "instructions" }];
}

function turnsOf(input: unknown, losses: Losses): Turn[] {
  if (typeof input === "string")
    return [{ role: "user", parts: [{ kind: "text", text: input }], path: "input" }];
  return listOf(input).flatMap((item, i) => itemOf(recordOf(item), `input[${i}]`, losses));
}

function itemOf(item: JsonRecord, path: string, losses: Losses): Turn[] {
  switch (item["type"]) {
    case undefined:
    case "message":
      return [messageOf(item, path, losses)];
    case "function_call": {
      const { call_id: id, name, arguments: text } = item;
      const call = { id: textOf(id), name: textOf(name), arguments: textOf(text) };
      return [{ role: "assistant", parts: [{ kind: "tool_call", ...call }], path }];
    }
    case "function_call_output": {
      const { call_id: id, output } = item;
      if (typeof output !== "string") losses.add(`${path}.output`);
      const result: Part = { kind: "tool_result", id: textOf(id), text: textOf(output) };
      return [{ role: "user", parts: [result], path }];
    }
    default:
      losses.add(path);
      return [];
  }
}

function messageOf(item: JsonRecord, path: string, losses: Losses): Turn {
  const { role, content } = item;
  const parts = contentOf(content, `${path}.content`, losses);
  if (role === "system" || role === "developer") return { role: "system", parts, path };
  if (role !== "user" && role !== "assistant") losses.add(`${path}.role`);
  return { role: role === "assistant" ? "assistant" : "user", parts, path };
}

function contentOf(content: unknown, path: string, losses: Losses): Part[] {
  if (typeof content === "string") return [{ kind: "text", text: content }];
  return listOf(content).flatMap((item, i): Part[] => {
    const { type, text, image_url: url } = recordOf(item);
    if (type === "input_text" || type === "output_text" || type === "text")
      return [{ kind: "text", text: textOf(text) }];
    if (type === "input_image" && typeof url === "string") return [{ kind: "image", url }];
    losses.add(`${path}[${i}]`);
    return [];
  });
}

function toolOf(tool: JsonRecord, index: number, losses: Losses): Tool[] {
  if (tool["type"] !== "function") {
    losses.add(`tools[${index}]`);
    return [];
  }
  const description = textOf(tool["description"]) || undefined;
  const schema = tool["parameters"] ?? { type: "object", properties: {} };
  const [name, isStrict] = [textOf(tool["name"]), booleanOf(tool["strict"])];
  return [{ name, description, schema, isStrict, path: `tools[${index}]` }];
}

function choiceOf(choice: unknown, losses: Losses): ToolChoice | undefined {
  if (choice == null) return undefined;
  if (choice === "auto" || choice === "none" || choice === "required") return choice;
  const { type, name } = recordOf(choice);
  if (type === "function") return { name: textOf(name) };
  losses.add("tool_choice");
  return undefined;
}

function formatOf(format: JsonRecord, losses: Losses): AnswerFormat | undefined {
  const { type } = format;
  if (type === undefined || type === "text") return undefined;
  if (type === "json_object") return { kind: "json" };
  if (type === "json_schema") return schemaFormat(format);
  losses.add("text.format");
  return undefined;
}
