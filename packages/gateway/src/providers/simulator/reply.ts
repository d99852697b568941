import { parseJson } from "@loadline/kit/json";
import { type JsonRecord, listOf, recordOf, textOf } from "../../dialects/json.ts";
import type { UpstreamRequest } from "../../upstream/upstream.ts";
import type { SimulatorSettings } from "./index.ts";
import { sampleOf } from "./sample.ts";

/** What the simulator says: words, JSON of the asked schema, or one call of an asked tool. */
export interface Reply {
  /** One per token. */
  readonly pieces: readonly string[];
  /** The tool whose arguments the pieces are. */
  readonly tool: string | undefined;
  readonly finish: "stop" | "length" | "tool_calls";
  readonly usage: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly total_tokens: number;
  };
}

const charsPerToken = 4;

/** The reply to a request, by the settings and the request only. */
export function replyTo(s: SimulatorSettings, request: UpstreamRequest): Reply {
  const body = recordOf(parseJson(request.body.toString()));
  const tool = forcedTool(body);
  const bound = boundOf(body);
  const whole = tool ? piecesOf(tool.schema) : (formatted(body) ?? words(s.tokens));
  const pieces = bound > 0 && !tool ? whole.slice(0, bound) : whole;
  const promptTokens = Math.ceil(request.body.length / charsPerToken);
  const ended = pieces.length < whole.length ? "length" : "stop";
  return {
    pieces,
    tool: tool?.name,
    finish: tool ? "tool_calls" : ended,
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: pieces.length,
      total_tokens: promptTokens + pieces.length,
    },
  };
}

export function words(count: number): string[] {
  return Array.from({ length: count }, (_, i) => (i === 0 ? "word0" : ` word${i}`));
}

function boundOf(body: JsonRecord): number {
  const bound = body["max_completion_tokens"] ?? body["max_tokens"];
  return typeof bound === "number" ? bound : 0;
}

function formatted(body: JsonRecord): string[] | undefined {
  const format = recordOf(body["response_format"]);
  if (format["type"] === "json_object") return piecesOf({});
  if (format["type"] !== "json_schema") return undefined;
  return piecesOf(recordOf(format["json_schema"])["schema"]);
}

/** The tool that `tool_choice` asks for; the first one when any will do. */
function forcedTool(body: JsonRecord): { name: string; schema: unknown } | undefined {
  const choice = body["tool_choice"];
  const wanted = textOf(recordOf(recordOf(choice)["function"])["name"]);
  if (choice !== "required" && wanted === "") return undefined;
  for (const tool of listOf(body["tools"])) {
    const { name, parameters } = recordOf(recordOf(tool)["function"]);
    if (wanted === "" || name === wanted) return { name: textOf(name), schema: parameters };
  }
  return undefined;
}

function piecesOf(schema: unknown): string[] {
  const text = JSON.stringify(sampleOf(schema ?? {}) ?? {});
  return text.match(/.{1,4}/gs) ?? [text];
}
