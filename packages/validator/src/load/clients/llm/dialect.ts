import { isUtf8 } from "node:buffer";
import { isRecord, type JsonRecord, parseJson } from "@loadline/kit/json";
import type { ChatMessage, GeneratingLoadRequest } from "./request.ts";

/** What an event or a body carries; an event with both is output. */
export type Content = "none" | "reasoning" | "output";

/**
 * What was read from one event or one body. One object per answer, cleared before each event: no
 * allocation per chunk.
 */
export class Seen {
  /** The event shows that the server speaks this dialect. */
  answer = false;
  content: Content = "none";
  /** Output tokens by the server's usage, reasoning included; -1 when the event has none. */
  tokens = -1;
  /** The end marker of the dialect. */
  ended = false;
  /** Something other than the model's own end is told: a bound, a filter, a tool. */
  cutShort = false;
  fault: "none" | "protocol" | "stream_error" = "none";
  /** Content as text, kept only for a tokenizer. */
  text = "";
  /** How many fields held content, and the last one's. */
  marks = 0;
  marked = "";
  readonly keepsText: boolean;

  constructor(keepsText: boolean) {
    this.keepsText = keepsText;
  }

  clear(): void {
    this.answer = false;
    this.content = "none";
    this.tokens = -1;
    this.ended = false;
    this.cutShort = false;
    this.fault = "none";
    this.text = "";
    this.marks = 0;
  }

  /** Notes a field that may hold content; only a non-empty string does. */
  mark(value: unknown, as: "reasoning" | "output"): void {
    if (typeof value !== "string" || value === "") return;
    if (this.content !== "output") this.content = as;
    this.marks++;
    this.marked = value;
    if (this.keepsText) this.text += value;
  }

  /** Notes why an answer ended; `ownEnds` are the dialect's names for the model's own end. */
  markEnd(reason: unknown, ownEnds: readonly string[]): void {
    if (typeof reason === "string" && reason !== "" && !ownEnds.includes(reason)) {
      this.cutShort = true;
    }
  }

  /** Notes content that is no text; nested over 64 deep it is none a tool would take. */
  markObject(value: JsonRecord, as: "reasoning" | "output"): void {
    if (isDeeper(value, depthMax)) this.fault = "protocol";
    else this.mark(this.keepsText ? JSON.stringify(value) : "{}", as);
  }
}

/** Deepest nesting written out for a tokenizer. */
const depthMax = 64;

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depth === 0 || Object.values(value).some((inner) => isDeeper(inner, depth - 1));
}

/** One way of asking for text and of streaming it. */
export interface Dialect {
  readonly kind: GeneratingLoadRequest["kind"];
  /** Below `/v1`. */
  readonly path: string;
  /** Headers the dialect asks for, flat. */
  readonly headers: readonly string[];
  /** The body of a request for these messages. */
  body(r: GeneratingLoadRequest, messages: readonly ChatMessage[]): Record<string, unknown>;
  /** Reads one event of a stream. */
  readEvent(data: string, type: string, seen: Seen): void;
  /** Reads a whole answer; false when it is none of this dialect. */
  readBody(body: JsonRecord, seen: Seen): boolean;
}

/** An event as a JSON object; null when it says the stream failed or is no JSON, then noted. */
export function openEvent(data: string, type: string, seen: Seen): JsonRecord | null {
  if (type === "error") {
    seen.fault = "stream_error";
    return null;
  }
  const event = parseObject(data);
  if (event === null) seen.fault = "protocol";
  else if (event["error"] !== undefined && event["error"] !== null) seen.fault = "stream_error";
  else return event;
  return null;
}

/** The choices of an event as OpenAI streams them; its usage and the end are noted. */
export function choicesIn(data: string, type: string, seen: Seen): readonly unknown[] {
  if (data === "[DONE]") {
    seen.ended = true;
    return nothing;
  }
  const event = openEvent(data, type, seen);
  if (event === null) return nothing;
  const choices = listOf(event["choices"]);
  seen.answer = choices.length > 0;
  seen.tokens = countOf(event["usage"], "completion_tokens");
  markFinish(choices, seen);
  return choices;
}

/** Notes why each of OpenAI's choices ended. */
export function markFinish(choices: readonly unknown[], seen: Seen): void {
  for (const choice of choices) seen.markEnd(objectOf(choice)["finish_reason"], choiceEnds);
}

const choiceEnds = ["stop"];

/** A JSON object, or null for any other text. */
export function parseObject(text: string): JsonRecord | null {
  const value = parseJson(text);
  return isRecord(value) ? value : null;
}

/** A JSON object in UTF-8, or null for any other bytes. */
export function parseBytes(bytes: Buffer): JsonRecord | null {
  return isUtf8(bytes) ? parseObject(bytes.toString("utf8")) : null;
}

const none: JsonRecord = {};
const nothing: readonly unknown[] = [];

/** The value as an object, an empty one when it is none. */
export function objectOf(value: unknown): JsonRecord {
  return isRecord(value) ? value : none;
}

/** The value as a list, an empty one when it is none. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : nothing;
}

/** A count of a usage object, -1 when absent or no count. */
export function countOf(usage: unknown, field: string): number {
  const count = objectOf(usage)[field];
  return typeof count === "number" && Number.isInteger(count) && count >= 0 ? count : -1;
}
