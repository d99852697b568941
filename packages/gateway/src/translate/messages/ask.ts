import { isRecord, type JsonRecord, listOf, recordOf, textOf } from "../../dialects/json.ts";
import type { Ask, Losses, Part, Tool, ToolChoice, Turn } from "../neutral.ts";
import { readTexts, toolText } from "../parts.ts";

const known = new Set([
  "model",
  "messages",
  "system",
  "max_tokens",
  "temperature",
  "top_p",
  "top_k",
  "stop_sequences",
  "stream",
  "tools",
  "tool_choice",
  "metadata",
  "loadline",
]);
const toolFields = new Set(["type", "name", "description", "input_schema", "strict"]);
const blockFields: Readonly<Record<string, ReadonlySet<string>>> = {
  text: new Set(["type", "text"]),
  image: new Set(["type", "source"]),
  tool_use: new Set(["type", "id", "name", "input", "caller"]),
  tool_result: new Set(["type", "tool_use_id", "content"]),
};

/** Reads a request of Anthropic's messages. */
export function readMessagesAsk(body: JsonRecord, losses: Losses): Ask {
  const { thinking, ...rest } = body;
  losses.addUnknown(rest, known);
  if (thinking != null && recordOf(thinking)["type"] !== "disabled") losses.add("thinking");
  const choice = recordOf(body["tool_choice"]);
  const isSerial = choice["disable_parallel_tool_use"] === true;
  const metadata = recordOf(body["metadata"]);
  losses.addUnknown(metadata, new Set(["user_id"]), "metadata.");
  return {
    turns: [...systemOf(body["system"], losses), ...turnsOf(body["messages"], losses)],
    tools: listOf(body["tools"]).flatMap((tool, i) => toolOf(recordOf(tool), i, losses)),
    toolChoice: choiceOf(choice, losses),
    isParallel: isSerial ? false : undefined,
    isStream: body["stream"] === true,
    temperature: body["temperature"],
    topP: body["top_p"],
    topK: body["top_k"],
    stop: readTexts(body["stop_sequences"]),
    user: textOf(metadata["user_id"]) || undefined,
    seed: undefined,
    frequencyPenalty: undefined,
    presencePenalty: undefined,
    effort: undefined,
    format: undefined,
  };
}

function systemOf(system: unknown, losses: Losses): Turn[] {
  if (system == null) return [];
  return [{ role: "system", parts: partsOf(system, "system", losses), path: "system" }];
}

function turnsOf(messages: unknown, losses: Losses): Turn[] {
  return listOf(messages).map((item, i): Turn => {
    const path = `messages[${i}]`;
    const message = recordOf(item);
    const { role } = message;
    if (role !== "user" && role !== "assistant") losses.add(`${path}.role`);
    const parts = partsOf(message["content"], `${path}.content`, losses);
    return { role: role === "assistant" ? "assistant" : "user", parts, path };
  });
}

function partsOf(content: unknown, path: string, losses: Losses): Part[] {
  if (typeof content === "string") return [{ kind: "text", text: content }];
  return listOf(content).flatMap((block, i) => blockOf(recordOf(block), `${path}[${i}]`, losses));
}

function blockOf(block: JsonRecord, path: string, losses: Losses): Part[] {
  const type = textOf(block["type"]);
  const fields = blockFields[type];
  if (!fields) {
    losses.add(path);
    return [];
  }
  const { is_error: isError, ...rest } = block;
  if (isError === true) losses.add(`${path}.is_error`);
  losses.addUnknown(rest, fields, `${path}.`);
  switch (type) {
    case "text":
      return [{ kind: "text", text: textOf(block["text"]) }];
    case "tool_use": {
      const text = JSON.stringify(recordOf(block["input"]));
      const [id, name] = [textOf(block["id"]), textOf(block["name"])];
      return [{ kind: "tool_call", id, name, arguments: text }];
    }
    case "tool_result": {
      const parts = partsOf(block["content"], `${path}.content`, losses);
      const text = toolText(parts, path, losses);
      return [{ kind: "tool_result", id: textOf(block["tool_use_id"]), text }];
    }
    default:
      return imageOf(recordOf(block["source"]), path, losses);
  }
}

function imageOf(source: JsonRecord, path: string, losses: Losses): Part[] {
  if (source["type"] === "url") return [{ kind: "image", url: textOf(source["url"]) }];
  if (source["type"] === "base64") {
    const url = `data:${textOf(source["media_type"])};base64,${textOf(source["data"])}`;
    return [{ kind: "image", url }];
  }
  losses.add(`${path}.source`);
  return [];
}

function toolOf(tool: JsonRecord, index: number, losses: Losses): Tool[] {
  const path = `tools[${index}]`;
  const { type } = tool;
  if ((type != null && type !== "custom") || !isRecord(tool["input_schema"])) {
    losses.add(path);
    return [];
  }
  losses.addUnknown(tool, toolFields, `${path}.`);
  const description = textOf(tool["description"]) || undefined;
  const isStrict = typeof tool["strict"] === "boolean" ? tool["strict"] : undefined;
  const [name, schema] = [textOf(tool["name"]), tool["input_schema"]];
  return [{ name, description, schema, isStrict, path }];
}

function choiceOf(choice: JsonRecord, losses: Losses): ToolChoice | undefined {
  switch (choice["type"]) {
    case undefined:
      return undefined;
    case "auto":
      return "auto";
    case "none":
      return "none";
    case "any":
      return "required";
    case "tool":
      return { name: textOf(choice["name"]) };
    default:
      losses.add("tool_choice");
      return undefined;
  }
}
