import { isRecord, type JsonRecord, listOf, recordOf, textOf } from "../../dialects/json.ts";
import type { AnswerFormat, Ask, Losses, Part, Tool, ToolChoice, Turn } from "../neutral.ts";
import { booleanOf, readTexts, schemaFormat, toolText } from "../parts.ts";

const known = new Set([
  "model",
  "messages",
  "stream",
  "stream_options",
  "max_tokens",
  "max_completion_tokens",
  "temperature",
  "top_p",
  "stop",
  "user",
  "seed",
  "frequency_penalty",
  "presence_penalty",
  "reasoning_effort",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "response_format",
  "loadline",
]);
const messageFields = new Set([
  "role",
  "content",
  "tool_calls",
  "tool_call_id",
  "refusal",
  "reasoning_content",
]);

/** Reads a chat request. */
export function readChatAsk(body: JsonRecord, losses: Losses): Ask {
  const { n, logprobs, store, ...rest } = body;
  losses.addUnknown(rest, known);
  if (n != null && n !== 1) losses.add("n");
  if (logprobs != null && logprobs !== false) losses.add("logprobs");
  if (store != null && store !== false) losses.add("store");
  return {
    turns: turnsOf(body["messages"], losses),
    tools: listOf(body["tools"]).flatMap((tool, i) => toolOf(recordOf(tool), i, losses)),
    toolChoice: choiceOf(body["tool_choice"], losses),
    isParallel: booleanOf(body["parallel_tool_calls"]),
    isStream: body["stream"] === true,
    temperature: body["temperature"],
    topP: body["top_p"],
    topK: undefined,
    stop: readTexts(body["stop"]),
    user: textOf(body["user"]) || undefined,
    seed: body["seed"],
    frequencyPenalty: body["frequency_penalty"],
    presencePenalty: body["presence_penalty"],
    effort: body["reasoning_effort"],
    format: formatOf(recordOf(body["response_format"]), losses),
  };
}

/** The turns that can be carried: without calls of tools that are no functions, and what these gave. */
function turnsOf(messages: unknown, losses: Losses): Turn[] {
  const lost = new Set<string>();
  return listOf(messages).flatMap((item, i): Turn[] => {
    const message = recordOf(item);
    const path = `messages[${i}]`;
    if (message["role"] === "tool" && lost.has(textOf(message["tool_call_id"]))) {
      losses.add(path);
      return [];
    }
    const { size } = lost;
    const turn = turnOf(message, { path, lost }, losses);
    // One that said nothing else would be empty.
    return turn.parts.length === 0 && lost.size > size ? [] : [turn];
  });
}

function turnOf(
  message: JsonRecord,
  { path, lost }: { readonly path: string; readonly lost: Set<string> },
  losses: Losses,
): Turn {
  const { role } = message;
  losses.addUnknown(message, messageFields, `${path}.`);
  const parts = contentOf(message["content"], `${path}.content`, losses);
  if (role === "system" || role === "developer") return { role: "system", parts, path };
  if (role === "tool") {
    const text = toolText(parts, path, losses);
    const id = textOf(message["tool_call_id"]);
    return { role: "user", parts: [{ kind: "tool_result", id, text }], path };
  }
  if (role !== "assistant") {
    if (role !== "user") losses.add(`${path}.role`);
    return { role: "user", parts, path };
  }
  const calls = listOf(message["tool_calls"]).flatMap((call, i): Part[] => {
    const { id, type, function: called } = recordOf(call);
    if (type != null && type !== "function") {
      losses.add(`${path}.tool_calls[${i}]`);
      lost.add(textOf(id));
      return [];
    }
    const { name, arguments: text } = recordOf(called);
    return [{ kind: "tool_call", id: textOf(id), name: textOf(name), arguments: textOf(text) }];
  });
  return { role: "assistant", parts: [...parts, ...calls], path };
}

function contentOf(content: unknown, path: string, losses: Losses): Part[] {
  if (typeof content === "string") return content === "" ? [] : [{ kind: "text", text: content }];
  return listOf(content).flatMap((part, i): Part[] => {
    const { type, text, image_url: image } = recordOf(part);
    if (type === "text") return [{ kind: "text", text: textOf(text) }];
    const url = textOf(recordOf(image)["url"]);
    if (type === "image_url" && url !== "") return [{ kind: "image", url }];
    losses.add(`${path}[${i}]`);
    return [];
  });
}

function toolOf(tool: JsonRecord, index: number, losses: Losses): Tool[] {
  const called = tool["function"];
  if (tool["type"] !== "function" || !isRecord(called)) {
    losses.add(`tools[${index}]`);
    return [];
  }
  return [
    {
      name: textOf(called["name"]),
      description: textOf(called["description"]) || undefined,
      schema: called["parameters"] ?? { type: "object", properties: {} },
      isStrict: booleanOf(called["strict"]),
      path: `tools[${index}].function`,
    },
  ];
}

function choiceOf(choice: unknown, losses: Losses): ToolChoice | undefined {
  if (choice == null) return undefined;
  if (choice === "auto" || choice === "none" || choice === "required") return choice;
  const name = textOf(recordOf(recordOf(choice)["function"])["name"]);
  if (name !== "") return { name };
  losses.add("tool_choice");
  return undefined;
}

function formatOf(format: JsonRecord, losses: Losses): AnswerFormat | undefined {
  const { type } = format;
  if (type === undefined || type === "text") return undefined;
  if (type === "json_object") return { kind: "json" };
  if (type === "json_schema") return schemaFormat(recordOf(format["json_schema"]));
  losses.add("response_format");
  return undefined;
}
