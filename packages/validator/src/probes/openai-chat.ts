import { chatRequest } from "./chat-request.ts";
import { choicesOf, hasText, readCompletion } from "./event-stream.ts";
import type { Probe } from "./probe.ts";
import { cleanUsage } from "./samples.ts";
import { type Fault, finishReasons, isRecord, type Json } from "./shapes.ts";

function completionFault(body: Json): Fault {
  if (typeof body["id"] !== "string" || body["id"] === "") return "`id` is missing";
  if (body["object"] !== "chat.completion") return '`object` is not "chat.completion"';
  const choice = choicesOf(body)[0];
  if (choice === undefined) return "`choices` is empty";
  if (choice["index"] !== 0) return "`choices[0].index` is not 0";
  const message = choice["message"];
  if (!isRecord(message) || message["role"] !== "assistant") {
    return "`choices[0].message` is not of the assistant";
  }
  const says = hasText(message);
  if (typeof message["content"] !== "string" && !(message["content"] === null && says)) {
    return "`choices[0].message.content` is no text";
  }
  const reason = choice["finish_reason"];
  if (!finishReasons.includes(reason)) return "`finish_reason` is missing";
  // Hidden reasoning may use up what was asked for, and a filter takes the text away.
  return says || reason !== "stop" ? null : "the answer came to its end without a word";
}

export const openaiChat: Probe = {
  id: "openai.chat",
  summary: "A chat completion has the shape clients read.",
  needs: ["chat"],
  checklist: ["R2-57"],
  claim: () => ({
    statement:
      "POST /chat/completions answers 200 with a chat.completion: id, choices, finish_reason",
    category: "Architecture & Design",
    rationale: "Client libraries fail on any other shape, and on an error inside a 200.",
    required: true,
  }),
  saboteur: [
    {
      when: { path: "/v1/chat/completions", body: "plain", key: "right" },
      status: 200,
      json: { error: { message: "model is loading", type: "server_error" }, usage: cleanUsage },
    },
  ],
  async run({ client, model }) {
    const exchange = await client.send(chatRequest(model));
    const { body, fault: unreadable } = readCompletion(exchange);
    const fault = unreadable ?? completionFault(body);
    const seen = fault ?? "a chat.completion with one choice of the assistant";
    return [{ part: "all", ok: fault === null, seen, exchange }];
  },
};
