import { parseJson } from "@loadline/kit/json";
import { choicesOf, type RequestBody } from "../body/request.ts";
import { keyTable } from "../body/keys.ts";
import { isScanProblem, scanObject } from "../body/scan.ts";
import type { Splice } from "../body/splice.ts";
import { eventJson } from "../dialects/events.ts";
import { type JsonRecord, listOf, recordOf, textOf } from "../dialects/json.ts";

const keys = keyTable(["messages", "tools", "functions", "response_format"]);
const textBytesMax = 256 * 1024;
/** What an answer may hold beside its text. */
const otherContent = [
  "tool_calls",
  "function_call",
  "audio",
  "refusal",
  "reasoning_content",
  "reasoning",
];
const isIn =
  (delta: JsonRecord) =>
  (name: string): boolean =>
    delta[name] != null && delta[name] !== "";

/** The text of an answer as it is sent, so another target can go on after it. */
export class SentText {
  #parts: string[] = [];
  #chars = 0;
  /** False once the answer holds anything beside plain text, which a prefill lacks, or too much. */
  isText = true;

  /** Takes one relayed event with content. */
  add(event: string): void {
    if (!this.isText) return;
    const choices = listOf(recordOf(eventJson(event))["choices"]);
    const delta = recordOf(recordOf(choices[0])["delta"]);
    const text = textOf(delta["content"]);
    const isPlain = choices.length === 1 && text !== "" && !otherContent.some(isIn(delta));
    this.#parts.push(text);
    this.#chars += text.length;
    if (!isPlain || this.#chars > textBytesMax) this.isText = false;
  }

  /** UTF-16 units sent. */
  get chars(): number {
    return this.#chars;
  }

  get text(): string {
    return this.#parts.join("");
  }
}

/** Whether an answer to this request is one plain text: a chat, no tools, no schema, one choice. */
export function isResumable(body: RequestBody): boolean {
  if (body.operation !== "chat" || !body.isStream || choicesOf(body) !== 1) return false;
  const scan = scanObject(body.bytes, keys);
  if (isScanProblem(scan)) return false;
  const [messages = -1, tools = -1, functions = -1, format = -1] = scan.starts;
  if (messages < 0 || tools >= 0 || functions >= 0) return false;
  if (format < 0) return true;
  const value = parseJson(body.bytes.toString("utf8", format, scan.ends[3]));
  return textOf(recordOf(value)["type"]) === "text";
}

/** The edit that hands the sent text to the next target as the beginning of its own answer. */
export function prefillEdit(body: RequestBody, text: string): Splice | undefined {
  const scan = scanObject(body.bytes, keys);
  if (isScanProblem(scan)) return undefined;
  const start = scan.starts[0] ?? -1;
  const end = (scan.ends[0] ?? 0) - 1;
  if (start < 0) return undefined;
  const isEmpty = body.bytes.toString("latin1", start + 1, end).trim() === "";
  const message = JSON.stringify({ role: "assistant", content: text });
  return { start: end, end, text: isEmpty ? message : `,${message}` };
}
