import type { EngineMessage, Sampling } from "./engine.ts";
import type { Fields } from "./fields.ts";
import { badField, booleanField, integerField, isFields, numberField } from "./fields.ts";

export interface ChatRequest {
  readonly messages: readonly EngineMessage[];
  readonly sampling: Sampling;
  readonly stops: readonly string[];
  readonly isStream: boolean;
  readonly hasUsageChunk: boolean;
  readonly tokensMax?: number;
}

const messagesMax = 1024;
const stopsMax = 4;
const seedMax = 2 ** 32 - 1;

/** Fields that change the answer's shape and are not served: refused, never ignored. */
const unsupported: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value !== 1,
  tools: (value) => !(Array.isArray(value) && value.length === 0),
  functions: () => true,
  logprobs: (value) => value !== false,
  response_format: (value) => !(isFields(value) && value["type"] === "text"),
  audio: () => true,
};

/** Reads a chat request. Throws `LL_MODEL_REQUEST` with the field's name. */
export function parseChatRequest(fields: Fields): ChatRequest {
  for (const [name, isRefused] of Object.entries(unsupported)) {
    const value = fields[name];
    if (value !== undefined && value !== null && isRefused(value)) {
      throw badField(name, "this model host does not serve it");
    }
  }
  const tokensMax =
    integerField(fields, "max_completion_tokens", [1, 1e6]) ??
    integerField(fields, "max_tokens", [1, 1e6]);
  return {
    messages: parseMessages(fields["messages"]),
    sampling: parseSampling(fields),
    stops: parseStops(fields["stop"]),
    isStream: booleanField(fields, "stream"),
    hasUsageChunk: parseStreamOptions(fields["stream_options"]),
    ...(tokensMax === undefined ? {} : { tokensMax }),
  };
}

/** Temperature is 0 unless asked for: a model this small is at its best when it is sure. */
function parseSampling(fields: Fields): Sampling {
  const topP = numberField(fields, "top_p", [0, 1]);
  const seed = integerField(fields, "seed", [-seedMax, seedMax]);
  return {
    temperature: numberField(fields, "temperature", [0, 2]) ?? 0,
    ...(topP === undefined ? {} : { topP }),
    ...(seed === undefined ? {} : { seed: Math.abs(seed) }),
  };
}

function parseMessages(value: unknown): EngineMessage[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw badField("messages", "a list of at least one message is wanted");
  }
  if (value.length > messagesMax) throw badField("messages", `at most ${messagesMax} are read`);
  return value.map((item: unknown, i) => {
    if (!isFields(item)) throw badField(`messages[${i}]`, "an object is wanted");
    return { role: parseRole(item["role"], i), content: parseContent(item["content"], i) };
  });
}

function parseRole(value: unknown, i: number): EngineMessage["role"] {
  if (value === "developer") return "system";
  if (value === "system" || value === "user" || value === "assistant") return value;
  throw badField(`messages[${i}].role`, "system, developer, user or assistant is wanted");
}

function parseContent(value: unknown, i: number): string {
  if (typeof value === "string") return value;
  const param = `messages[${i}].content`;
  if (!Array.isArray(value)) throw badField(param, "text, or a list of text parts, is wanted");
  return value
    .map((part: unknown) => {
      if (isFields(part) && part["type"] === "text" && typeof part["text"] === "string") {
        return part["text"];
      }
      throw badField(param, "only text parts are served");
    })
    .join("");
}

function parseStops(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  const stops: unknown[] = Array.isArray(value) ? value : [value];
  if (stops.length > stopsMax) throw badField("stop", `at most ${stopsMax} are read`);
  return stops.map((stop) => {
    if (typeof stop !== "string" || stop === "") throw badField("stop", "text is wanted");
    return stop;
  });
}

function parseStreamOptions(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  if (!isFields(value)) throw badField("stream_options", "an object is wanted");
  return booleanField(value, "include_usage");
}
