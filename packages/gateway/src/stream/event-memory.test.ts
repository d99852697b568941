import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anthropicMessages } from "../dialects/anthropic-messages/index.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { plainEvents } from "../dialects/events.ts";
import { openaiChat } from "../dialects/openai-chat/index.ts";
import { openaiCompletions } from "../dialects/openai-completions/index.ts";
import { openaiResponses } from "../dialects/openai-responses/index.ts";
import { EventMemory } from "./event-memory.ts";

const chat = (delta: object, more: object = {}): string =>
  `data: ${JSON.stringify({ id: "c", choices: [{ index: 0, delta, finish_reason: null }], ...more })}`;

function memoryOf(...events: string[]): EventMemory {
  const memory = new EventMemory(openaiChat.textKeys);
  for (const event of events) memory.learn(event);
  return memory;
}
const knows = (memory: EventMemory, text: string): boolean => memory.knows(text, 0, text.length);

describe("an event with another text", () => {
  it.each([
    ["chat text", openaiChat, (text: string) => chat({ content: text })],
    ["chat reasoning", openaiChat, (text: string) => chat({ reasoning_content: text })],
    [
      "tool arguments",
      openaiChat,
      (text: string) => chat({ tool_calls: [{ index: 0, function: { arguments: text } }] }),
    ],
    [
      "completion text",
      openaiCompletions,
      (text: string) => `data: ${JSON.stringify({ choices: [{ text, index: 0 }] })}`,
    ],
    [
      "a messages delta",
      anthropicMessages,
      (text: string) =>
        `event: content_block_delta\ndata: ${JSON.stringify({
          type: "content_block_delta",
          index: 0,
          delta: { type: "text_delta", text },
        })}`,
    ],
  ] as const)("is known: %s", (_name, dialect: Dialect, make) => {
    const memory = new EventMemory(dialect.textKeys);
    expect(dialect.classify(make("one"))).toBe(plainEvents.content);
    memory.learn(make("one"));
    expect(knows(memory, make("one"))).toBe(true);
    expect(knows(memory, make(" another, longer ✓ "))).toBe(true);
    expect(knows(memory, make(""))).toBe(false);
    expect(knows(memory, make('a "quoted" one'))).toBe(false);
    expect(knows(memory, make("two\nlines"))).toBe(false);
  });

  it("is known in its place within a larger text", () => {
    const memory = memoryOf(chat({ content: "a" }));
    const event = chat({ content: "bcd" });
    const framed = `af\r\n${event}\n\n\r\n`;
    const to = framed.length - 2;
    expect(memory.knowsWhole(framed, 4, to)).toBe(true);
    expect(memory.knowsWhole(framed, 3, to)).toBe(false);
    expect(memory.knowsWhole(framed, 4, to - 1)).toBe(false);
    expect(memory.knowsWhole(framed, 4, to + 2)).toBe(false);
    const two = `${event}\n\n${event}\n\n`;
    expect(memory.knowsWhole(two, 0, two.length)).toBe(false);
    const ends = event.replace("bcd", "b\n\nd");
    expect(memory.knowsWhole(`${ends}\n\n`, 0, ends.length + 2)).toBe(false);
  });

  it("is known whether its bytes are read as UTF-8 or as latin1", () => {
    const memory = memoryOf(chat({ content: "a" }));
    const bytes = Buffer.from(chat({ content: "Grüße 你好" }));
    expect(knows(memory, bytes.toString("utf8"))).toBe(true);
    expect(knows(memory, bytes.toString("latin1"))).toBe(true);
  });
});

describe("nothing is known", () => {
  it("before an event was learned", () => {
    expect(knows(new EventMemory(["content"]), chat({ content: "a" }))).toBe(false);
    expect(knows(new EventMemory(undefined), "")).toBe(false);
  });

  it.each([
    ["its member occurs twice", chat({ content: "a" }, { content: "b" })],
    ["its text holds an escape", chat({ content: 'a"b' })],
    ["an escape stands before it", chat({ role: 'a"b', content: "a" })],
    ["a name is not ASCII", chat({ ü: 1, content: "a" })],
    ["its text is no string", chat({ content: 5 })],
    ["its text is empty", chat({ content: "", refusal: "x" })],
    ["a space stands before its text", 'data: {"choices":[{"delta":{"content": "a"}}]}'],
    ["what is around it is very long", chat({ content: "a" }, { pad: "x".repeat(5000) })],
  ])("of an event when %s", (_name, event) => {
    const memory = memoryOf(event);
    expect(knows(memory, event)).toBe(false);
    expect(knows(memory, chat({ content: "a" }))).toBe(false);
  });

  it.each([
    ["finish", chat({ content: "b" }).replace("null", '"stop"')],
    ["usage", chat({ content: "b" }, { usage: { prompt_tokens: 1 } })],
    ["an error", chat({ content: "b" }, { error: {} })],
    ["a second member after its text", chat({ content: 'b","content":"' }).replaceAll("\\", "")],
    ["a cut end", chat({ content: "b" }).slice(0, -1)],
    ["a second event in front", `data: {}\n${chat({ content: "b" })}`],
  ])("of an event with %s", (_name, event) => {
    const memory = memoryOf(chat({ content: "a" }));
    expect(knows(memory, event)).toBe(false);
  });

  it("of a stream whose events never repeat: it stops to remember them", () => {
    const memory = new EventMemory(["content"]);
    for (let i = 0; i < 10; i++) memory.learn(chat({ content: "a" }, { no: i }));
    expect(knows(memory, chat({ content: "b" }, { no: 3 }))).toBe(true);
    expect(knows(memory, chat({ content: "b" }, { no: 9 }))).toBe(false);
  });

  it("but of one that changes and repeats it goes on to learn", () => {
    const memory = new EventMemory(["content"]);
    for (let i = 0; i < 20; i++) {
      memory.learn(chat({ content: "a" }, { second: i }));
      expect(knows(memory, chat({ content: "b" }, { second: i }))).toBe(true);
    }
  });
});

describe("law", () => {
  const word = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom("a", "bc", " é", "word") },
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.constantFrom("", "a", '"', "\\", '","content":"', "\\u0041", "\n", "[DONE]", "é"),
  );
  const names = fc.constantFrom("content", "refusal", "text", "type", "delta", "thinking", "error");
  const said = fc.oneof({ weight: 3, arbitrary: word }, fc.constant(null), fc.integer());
  const delta = fc.dictionary(names, said, { maxKeys: 3 });
  const value = fc.record({
    type: fc.constantFrom("content_block_delta", "response.output_text.delta", "ping"),
    choices: fc.array(
      fc.record({ delta, text: said, finish_reason: fc.constantFrom(null, "stop") }),
      { minLength: 1, maxLength: 2 },
    ),
    delta,
    content: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, word),
  });

  it.each([openaiChat, openaiCompletions, anthropicMessages, openaiResponses])(
    "$id: what is known is what the dialect calls content",
    (dialect) => {
      const memory = new EventMemory(dialect.textKeys);
      let known = 0;
      fc.assert(
        fc.property(value, word, fc.boolean(), (event, other, isRaw) => {
          const text = `data: ${JSON.stringify(event)}`;
          if (dialect.classify(text) !== plainEvents.content) return;
          const own = new EventMemory(dialect.textKeys);
          own.learn(text);
          memory.learn(text);
          for (const key of dialect.textKeys ?? []) {
            const written = isRaw ? other : JSON.stringify(other).slice(1, -1);
            const changed = text.replaceAll(
              new RegExp(`("${key}":")[^"]*`, "g"),
              () => `"${key}":"${written}`,
            );
            for (const one of [own, memory]) {
              if (!knows(one, changed)) continue;
              known++;
              expect(dialect.classify(changed), changed).toBe(plainEvents.content);
            }
          }
        }),
        { numRuns: 3000, seed: 7 },
      );
      expect(known > 20).toBe(dialect.textKeys !== undefined);
    },
  );
});
