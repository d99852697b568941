import type { StackRule } from "../probe.ts";
import { textIn, valueIn } from "../wire/shape.ts";
import type { StackTwin } from "./twin.ts";
import { jsonReply, startWebStub } from "./web.ts";

const key = "key-of-the-messages-twin-1";
const events = [
  "message_start",
  "content_block_start",
  "content_block_delta",
  "content_block_stop",
  "message_delta",
  "message_stop",
];

const refusal = (type: string, status: number) =>
  jsonReply({ type: "error", error: { type, message: type } }, status);

/** A model that says yes, in the shape of the Messages API. */
export async function startAnthropicTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const whole = jsonReply({
    type: "message",
    role: "assistant",
    content: [{ type: "text", text: "yes" }],
    stop_reason: "end_turn",
    usage: { input_tokens: 3, output_tokens: 1 },
  });
  const text = events.map((type) => `event: ${type}\ndata: {"type":"${type}"}\n\n`).join("");
  const streamed = { reply: text, headers: { "content-type": "text/event-stream" } };
  const stub = await startWebStub(
    rules,
    [
      {
        when: "POST /v1/messages",
        answer: (call) => {
          const body: unknown = JSON.parse(call.text);
          if (Number(textIn(body, "max_tokens")) < 1) return refusal("invalid_request_error", 400);
          return valueIn(body, "stream") === true ? streamed : whole;
        },
      },
    ],
    {
      guard: ({ headers }) =>
        headers["x-api-key"] === key ? null : refusal("authentication_error", 401),
    },
  );
  return {
    service: { kind: "anthropic", url: stub.url, model: "m", apiKey: "${env:MESSAGES_KEY}" },
    secrets: { MESSAGES_KEY: key },
    [Symbol.asyncDispose]: () => stub[Symbol.asyncDispose](),
  };
}
