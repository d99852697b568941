import { describe, expect, it } from "vitest";
import { createFlight } from "../../engine/flight.ts";
import { openAnswer } from "../answer.fixture.ts";
import { createLlmClient } from "./llm-client.ts";

type Kind = "chat" | "completions" | "responses" | "messages";

/** What becomes of an answer of this type and these bytes. */
function outcomeOf(kind: Kind, type: string, body: string): string {
  const stream = type === "text/event-stream";
  const request = { kind, model: "m", prompts: ["a"], maxTokens: 8, stream } as const;
  const client = createLlmClient(request, { path: "", headers: ["host", "h"] }, { seed: 7 });
  const answer = openAnswer(client.reader(), createFlight(0, 0, -5));
  const length = Buffer.byteLength(body);
  const head = `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n`;
  answer.feed(Buffer.from(head + body), 1);
  return answer.outcome;
}

const whole = (kind: Kind, body: object): string =>
  outcomeOf(kind, "application/json", JSON.stringify(body));
const streamed = (kind: Kind, events: readonly (object | string)[]): string =>
  outcomeOf(
    kind,
    "text/event-stream",
    events
      .map((one) => `data: ${typeof one === "string" ? one : JSON.stringify(one)}\n\n`)
      .join(""),
  );

const usage = { completion_tokens: 5, output_tokens: 5 };
const type = (name: string, more: object = {}): object => ({ type: name, ...more });

/** Why it ended, or nothing of that, without a word of it: as a whole answer and as a stream. */
const wordless: Readonly<Record<Kind, (reason: string | undefined) => readonly string[]>> = {
  chat: (finish_reason) => [
    whole("chat", { choices: [{ message: { content: null }, finish_reason }], usage }),
    whole("chat", { choices: [{ message: { content: "" }, finish_reason }], usage }),
    streamed("chat", [
      { choices: [{ delta: { role: "assistant", content: "" } }] },
      { choices: [{ delta: {}, finish_reason }] },
      { choices: [], usage },
      "[DONE]",
    ]),
  ],
  completions: (finish_reason) => [
    whole("completions", { choices: [{ text: "", finish_reason }], usage }),
    streamed("completions", [{ choices: [{ text: "", finish_reason }], usage }, "[DONE]"]),
  ],
  messages: (stop_reason) => [
    whole("messages", { type: "message", content: [], stop_reason, usage }),
    whole("messages", { content: [{ type: "text", text: "" }], stop_reason, usage }),
    streamed("messages", [
      type("message_start", { message: { content: [] } }),
      type("message_delta", { delta: { stop_reason }, usage }),
      type("message_stop"),
    ]),
  ],
  responses: (status) => [
    whole("responses", { output: [], status, usage }),
    whole("responses", { output: [{ content: [{ text: "" }] }], status, usage }),
    streamed("responses", [
      type("response.created"),
      type(`response.${status ?? "completed"}`, { response: { usage } }),
    ]),
  ],
};

describe("an answer without a word", () => {
  it.each([
    ["chat", "stop"],
    ["chat", undefined],
    ["chat", ""],
    ["completions", "stop"],
    ["completions", undefined],
    ["messages", "end_turn"],
    ["messages", "stop_sequence"],
    ["messages", undefined],
    ["responses", "completed"],
    ["responses", undefined],
  ] as const)("of %s that ended by %j is none, whatever its usage says", (kind, reason) => {
    const outcomes = wordless[kind](reason);
    expect(outcomes).toEqual(outcomes.map(() => "protocol"));
  });

  it.each([
    ["chat", "length"],
    ["chat", "content_filter"],
    ["completions", "length"],
    ["messages", "max_tokens"],
    ["messages", "refusal"],
    ["responses", "incomplete"],
  ] as const)("of %s that says it was ended by %j is one", (kind, reason) => {
    const outcomes = wordless[kind](reason);
    expect(outcomes).toEqual(outcomes.map(() => "ok"));
  });

  it("of one choice beside one that says something is one", () => {
    const silent = { message: { content: "" }, finish_reason: "stop" };
    const choices = [silent, { message: { content: "a" }, finish_reason: "stop" }];
    expect(whole("chat", { choices })).toBe("ok");
  });

  it.each([{ reasoning: "r" }, { refusal: "no" }, { tool_calls: [{ function: { name: "f" } }] }])(
    "of text alone, %j beside it, is one",
    (more) => {
      const finish_reason = "stop";
      expect(
        whole("chat", { choices: [{ message: { content: null, ...more }, finish_reason }] }),
      ).toBe("ok");
      const events = [{ choices: [{ delta: more }] }, { choices: [{ delta: {}, finish_reason }] }];
      expect(streamed("chat", [...events, "[DONE]"])).toBe("ok");
    },
  );
});
