import { parseJson } from "@loadline/kit/json";
import type { Exchange } from "./client.ts";
import {
  bodyJson,
  type Fault,
  headFault,
  lengthFault,
  isRecord,
  type Json,
  mediaType,
  statusFault,
} from "./shapes.ts";

/** Payloads of the `data:` fields of an event stream, joined per event. */
export function eventPayloads(text: string): string[] {
  const payloads: string[] = [];
  for (const block of text.split(/\r\n\r\n|\n\n|\r\r/)) {
    const lines = block.split(/\r\n|\n|\r/).filter((line) => line.startsWith("data:"));
    if (lines.length === 0) continue;
    payloads.push(lines.map((line) => line.slice(5).replace(/^ /, "")).join("\n"));
  }
  return payloads;
}

export interface StreamReading {
  readonly chunks: readonly Json[];
  /** `[DONE]` was the last event. */
  readonly ended: boolean;
  /** Why it cannot be read as a stream of chunks at all. */
  readonly fault: Fault;
}

/** Reads a chat completion stream; whether it was cut is for the caller to say. */
export function readStream(exchange: Exchange): StreamReading {
  const none = (fault: Fault): StreamReading => ({ chunks: [], ended: false, fault });
  const status = headFault(exchange, 200);
  if (status !== null) return none(status);
  const type = mediaType(exchange);
  if (type !== "text/event-stream") return none(`the content type is ${type || "missing"}`);
  const length = lengthFault(exchange);
  if (length !== null) return none(length);
  const payloads = eventPayloads(exchange.body.toString("utf8"));
  const chunks: Json[] = [];
  for (const payload of payloads) {
    if (payload === "[DONE]") continue;
    const chunk = parseJson(payload);
    if (!isRecord(chunk)) return none("an event is neither a JSON object nor [DONE]");
    if (chunk["error"] !== undefined) return none("the stream carries an error event");
    chunks.push(chunk);
  }
  if (chunks.length === 0) return none("the stream has no chunk");
  return { chunks, ended: payloads.at(-1) === "[DONE]", fault: null };
}

/** Whether a message or a delta carries text: of the answer, or of the reasoning before it. */
export function hasText(message: Json): boolean {
  return [message["content"], message["reasoning_content"], message["reasoning"]].some(
    (text) => typeof text === "string" && text !== "",
  );
}

/** The choices of a chunk or completion; empty when there are none. */
export function choicesOf(value: Json): readonly Json[] {
  const choices = value["choices"];
  return Array.isArray(choices) ? choices.filter(isRecord) : [];
}

/** The body as a completion object, or why not. */
export function readCompletion(exchange: Exchange): { body: Json; fault: Fault } {
  const status = statusFault(exchange, 200);
  const body = bodyJson(exchange);
  if (status !== null) return { body: {}, fault: status };
  const type = mediaType(exchange);
  // Client libraries hand a body of any other type on as text.
  if (!/[/+]json$/.test(type)) {
    return { body: {}, fault: `the content type is ${type || "missing"}, not JSON` };
  }
  if (!isRecord(body)) return { body: {}, fault: "the body is not a JSON object" };
  if (body["error"] !== undefined) return { body, fault: "HTTP 200 carries an error body" };
  return { body, fault: null };
}
