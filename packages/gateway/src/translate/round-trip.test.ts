import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listOf, recordOf } from "../dialects/json.ts";
import {
  answerOf,
  answers,
  context,
  deltasOf,
  eventsOf,
  overWire,
  readStream,
  streamText,
} from "./answers.fixture.ts";
import { chatClient } from "./chat/client.ts";
import { chatUpstream } from "./chat/upstream.ts";
import { messagesClient } from "./messages/client.ts";
import { messagesUpstream } from "./messages/upstream.ts";
import { type Ask, Losses } from "./neutral.ts";
import { responsesClient } from "./responses/client.ts";

const both = [
  ["chat", chatClient, chatUpstream],
  ["messages", messagesClient, messagesUpstream],
] as const;
const size = fc.integer({ min: 1, max: 9 });

describe("answers", () => {
  it.each(both)("%s: tools, usage and stop reason survive being written and read", (_n, c, u) => {
    fc.assert(
      fc.property(answers, (answer) => {
        expect(u.readAnswer(overWire(c.writeAnswer(answer, context)), context)).toEqual(answer);
      }),
    );
  });

  it.each(both)("%s: a stream adds up to the same answer, however it is cut", (_n, c, u) => {
    fc.assert(
      fc.property(answers, size, (answer, n) => {
        const text = streamText(c, deltasOf(answer, n));
        expect(answerOf(readStream(u, text))).toEqual(answer);
      }),
    );
  });

  it("responses: the last event holds what the events before it said", () => {
    fc.assert(
      fc.property(answers, size, (answer, n) => {
        const events = eventsOf(streamText(responsesClient, deltasOf(answer, n)));
        const last = recordOf(events.at(-1)?.["response"]);
        const whole = overWire(responsesClient.writeAnswer(answer, context));
        const output = listOf(last["output"]).map(recordOf);
        expect(output.map((item) => [item["type"], item["content"], item["arguments"]])).toEqual(
          listOf(whole["output"])
            .map(recordOf)
            .map((item) => [item["type"], item["content"], item["arguments"]]),
        );
        expect([last["status"], last["usage"]]).toEqual([whole["status"], whole["usage"]]);
        const numbers = events.map((event) => event["sequence_number"]);
        expect(numbers).toEqual(numbers.map((_, i) => i));
      }),
    );
  });

  it("messages: blocks open and close one after the other, also when calls overlap", () => {
    fc.assert(
      fc.property(answers, size, fc.infiniteStream(fc.nat()), (answer, n, picks) => {
        const deltas = shuffleCalls(deltasOf(answer, n), picks);
        const text = streamText(messagesClient, deltas);
        expectStrictOrder(eventsOf(text));
        expect(answerOf(readStream(messagesUpstream, text))).toEqual(answer);
      }),
    );
  });
});

/** Interleaves the arguments of different calls, each call's own pieces in order. */
function shuffleCalls(
  deltas: ReturnType<typeof deltasOf>,
  picks: Iterator<number>,
): ReturnType<typeof deltasOf> {
  const first = deltas.findIndex((delta) => delta.kind === "tool");
  const last = deltas.findLastIndex((delta) => delta.kind === "arguments");
  if (first < 0 || last < first) return deltas;
  const calls = deltas.slice(first, last + 1);
  const tools = calls.filter((delta) => delta.kind === "tool");
  const queues = tools.map((tool) =>
    calls.filter((delta) => delta.kind === "arguments" && delta.index === tool.index),
  );
  const mixed: ReturnType<typeof deltasOf> = [...tools];
  for (;;) {
    const open = queues.filter((queue) => queue.length > 0);
    const pick = open[Number(picks.next().value ?? 0) % Math.max(1, open.length)];
    const next = pick?.shift();
    if (!next) break;
    mixed.push(next);
  }
  return [...deltas.slice(0, first), ...mixed, ...deltas.slice(last + 1)];
}

/** The order that Anthropic's own accumulator insists on. */
function expectStrictOrder(events: readonly Readonly<Record<string, unknown>>[]): void {
  let open = -1;
  let next = 0;
  events.forEach((event, i) => {
    const { type, index } = event;
    if (i === 0) expect(type).toBe("message_start");
    else if (type === "content_block_start") {
      expect([open, index]).toEqual([-1, next]);
      open = next++;
    } else if (type === "content_block_delta") expect(index).toBe(open);
    else if (type === "content_block_stop") {
      expect(index).toBe(open);
      open = -1;
    } else if (type === "message_delta") expect([open, i]).toEqual([-1, events.length - 2]);
    else expect([type, i]).toEqual(["message_stop", events.length - 1]);
  });
}

const asks = answers.chain((answer) =>
  fc.record({
    question: fc.string({ minLength: 1 }),
    system: fc.string({ minLength: 1 }),
    result: fc.string(),
    stream: fc.boolean(),
    bound: fc.integer({ min: 1, max: 9999 }),
    choice: fc.constantFrom("auto", "none", "required", { name: "tool" }),
    answer: fc.constant(answer),
  }),
);

describe("requests", () => {
  it("a conversation with tools comes back the same after chat -> messages -> chat", () => {
    fc.assert(
      fc.property(asks, (o) => {
        const calls = o.answer.parts.filter((part) => part.kind === "tool_call");
        const messages = [
          { role: "system", content: o.system },
          { role: "user", content: o.question },
          overWire(
            recordOf(listOf(overWire(chatClient.writeAnswer(o.answer, context))["choices"])[0])[
              "message"
            ],
          ),
          ...calls.map((call) => ({ role: "tool", tool_call_id: call.id, content: o.result })),
        ];
        const choice =
          typeof o.choice === "string"
            ? o.choice
            : { type: "function", function: { name: o.choice.name } };
        const body = {
          messages,
          tools: [{ type: "function", function: { name: "tool", parameters: { type: "object" } } }],
          tool_choice: choice,
          temperature: 0.5,
          stop: ["x"],
          stream: o.stream,
        };
        const losses = new Losses();
        const write = { model: "m", outputBound: o.bound, boundName: "max_tokens" };
        const first = chatClient.readAsk(body, losses);
        const there = overWire(messagesUpstream.writeAsk(first, write, losses));
        const second = messagesClient.readAsk(there, losses);
        const back = overWire(chatUpstream.writeAsk(second, write, losses));
        expect(losses.names).toEqual([]);
        expect(back["max_tokens"]).toBe(o.bound);
        expect(shapeOf(chatClient.readAsk(back, losses))).toEqual(shapeOf(first));
      }),
    );
  });
});

/** What must survive: everything but where a turn stood and how neighbours were joined. */
function shapeOf(ask: Ask): unknown {
  const { turns, ...rest } = ask;
  const parts = turns.flatMap(({ role, parts: own }) => own.map((part) => ({ role, part })));
  return { ...rest, parts };
}
