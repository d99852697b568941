import { isRecord } from "@loadline/kit/json";
import { countOf, type Dialect, listOf, objectOf, openEvent, type Seen } from "./dialect.ts";

/** Anthropic's Messages dialect: typed events, ended by `message_stop`. */
export const messagesDialect: Dialect = {
  kind: "messages",
  path: "/messages",
  headers: ["anthropic-version", "2023-06-01"],
  body: (r, messages) => {
    const system = messages.filter((message) => message.role === "system");
    return {
      model: r.model,
      messages: messages.filter((message) => message.role !== "system"),
      max_tokens: r.maxTokens,
      stream: r.stream,
      ...(system.length > 0 && { system: system.map((message) => message.content).join("\n") }),
    };
  },
  readEvent(data, type, seen) {
    if (data === "[DONE]") return;
    const event = openEvent(data, type, seen);
    if (event === null) return;
    switch (event["type"]) {
      case "message_start":
        seen.answer = true;
        return;
      case "content_block_start":
        readBlock(event["content_block"], seen);
        return;
      case "content_block_delta":
        readDelta(event["delta"], seen);
        return;
      case "message_delta":
        // Cumulative; the count of `message_start` is of its first moment and never the total.
        seen.tokens = countOf(event["usage"], "output_tokens");
        seen.markEnd(objectOf(event["delta"])["stop_reason"], ownEnds);
        return;
      case "message_stop":
        seen.ended = true;
        return;
      case "error":
        seen.fault = "stream_error";
    }
  },
  readBody(body, seen) {
    const content = body["content"];
    if (!Array.isArray(content) || body["type"] === "error") return false;
    for (const block of content) readBlock(block, seen);
    seen.tokens = countOf(body["usage"], "output_tokens");
    seen.markEnd(body["stop_reason"], ownEnds);
    return true;
  },
};

const ownEnds = ["end_turn", "stop_sequence"];

/** A block at its start, or whole in an answer that is not streamed. */
function readBlock(value: unknown, seen: Seen): void {
  if (!isRecord(value)) return;
  seen.mark(value["text"], "output");
  seen.mark(value["thinking"], "reasoning");
  // Reasoning the server keeps to itself, encrypted.
  if (value["type"] === "redacted_thinking") seen.mark(value["data"], "reasoning");
  seen.mark(value["name"], "output");
  const { input } = value;
  if (isRecord(input) && Object.keys(input).length > 0) seen.markObject(input, "output");
}

/** Of a signature or a citation nothing is content. */
function readDelta(value: unknown, seen: Seen): void {
  const delta = objectOf(value);
  seen.mark(delta["text"], "output");
  seen.mark(delta["thinking"], "reasoning");
  seen.mark(delta["partial_json"], "output");
  for (const part of listOf(delta["content"])) seen.mark(objectOf(part)["text"], "output");
}
