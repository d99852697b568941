/** What one event of a chat stream says. */
export interface ChatEvent {
  /** It has a non-empty `choices`. */
  readonly choices: boolean;
  /** Any choice carries text, reasoning, refusal, audio, a tool name or tool arguments. */
  readonly content: boolean;
  /** `usage.completion_tokens`, -1 when absent. */
  readonly tokens: number;
}

/** `error`: the server says the stream failed. `malformed`: not a JSON object. */
export function readChatEvent(data: string, type: string): ChatEvent | "error" | "malformed" {
  const event = parseObject(data);
  if (type === "error") return "error";
  if (event === null) return "malformed";
  if (event["error"] !== undefined && event["error"] !== null) return "error";
  const choices = listOf(event["choices"]);
  return {
    choices: choices.length > 0,
    content: choices.some((choice) => hasContent(objectOf(choice)["delta"])),
    tokens: tokensOf(event),
  };
}

/** A whole chat completion; null when it has no choice with a message. */
export function readChatBody(text: string): { tokens: number } | null {
  const body = parseObject(text);
  if (body === null) return null;
  const choices = listOf(body["choices"]);
  const whole = choices.length > 0 && choices.every((choice) => isMessage(choice));
  return whole ? { tokens: tokensOf(body) } : null;
}

function isMessage(choice: unknown): boolean {
  const message = objectOf(choice)["message"];
  return typeof message === "object" && message !== null;
}

const textFields = ["content", "reasoning", "reasoning_content", "refusal"] as const;

function hasContent(delta: unknown): boolean {
  const d = objectOf(delta);
  if (textFields.some((field) => isText(d[field]))) return true;
  if (typeof d["audio"] === "object" && d["audio"] !== null) return true;
  const calls = listOf(d["tool_calls"]).map((call) => objectOf(objectOf(call)["function"]));
  calls.push(objectOf(d["function_call"]));
  return calls.some((call) => isText(call["name"]) || isText(call["arguments"]));
}

function tokensOf(body: Readonly<Record<string, unknown>>): number {
  const tokens = objectOf(body["usage"])["completion_tokens"];
  return typeof tokens === "number" && Number.isInteger(tokens) && tokens >= 0 ? tokens : -1;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? objectOf(value) : null;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === "object" && value !== null;
  return isObject ? (value as Readonly<Record<string, unknown>>) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}
