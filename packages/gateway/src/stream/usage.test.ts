import { describe, expect, it } from "vitest";
import { anthropicMessages } from "../dialects/anthropic-messages/index.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { openaiChat } from "../dialects/openai-chat/index.ts";
import { openaiCompletions } from "../dialects/openai-completions/index.ts";
import { openaiResponses } from "../dialects/openai-responses/index.ts";
import type { AttemptRecord, Usage } from "../pipeline/exchange.ts";
import { noUsage, Received, spokenBytes, totalUsage, unknownUsage } from "./usage.ts";

const record = (usage: Usage): AttemptRecord => ({
  target: "a",
  failure: "ok",
  status: 200,
  ms: 1,
  usage,
});
const reported: Usage = { inputTokens: 3, outputTokens: 5 };
const estimated: Usage = { inputTokens: 2, outputTokens: 4, source: "estimated" };

describe("usage of all attempts together", () => {
  it.each([
    ["one attempt is its own", [reported], reported],
    ["no attempt is none", [], noUsage],
    ["failed ones add nothing", [noUsage, reported], { ...reported, source: "provider" }],
    [
      "an unknown beside a report adds nothing",
      [unknownUsage, reported],
      { ...reported, source: "provider" },
    ],
    [
      "an estimate makes the sum an estimate",
      [estimated, reported],
      { inputTokens: 5, outputTokens: 9, source: "estimated" },
    ],
    ["only unknown stays unknown, never 0 known", [unknownUsage, noUsage], unknownUsage],
    ["only failed ones are none", [noUsage, noUsage], noUsage],
  ])("%s", (_name, usages, expected) => {
    expect(totalUsage(usages.map(record))).toEqual(expected);
  });
});

describe("what was received", () => {
  it("nothing is no token", () => {
    expect(new Received().tokens).toBe(0);
  });

  it("events are a token each, also those without a text", () => {
    const received = new Received();
    for (let i = 0; i < 10; i++) received.add(i % 5);
    expect([received.tokens, received.tokensSure]).toEqual([10, 10]);
  });

  it("a longer text counts four bytes a token, and surely eight", () => {
    const received = new Received();
    received.add(1);
    received.add(400);
    expect([received.tokens, received.tokensSure]).toEqual([Math.ceil(401 / 4), 51]);
  });
});

describe("the text of an event", () => {
  it.each([
    ["alone", '{"delta":{"content":"four"}}', 4],
    ["with blanks around the colon", '{"delta":{"content" : "four"}}', 4],
    ["in bytes of UTF-8", '{"content":"é你"}', 5],
    ["an escape is what it stands for", '{"content":"\\u4f60\\n\\""}', 5],
    ["of each choice", '[{"content":"ab"},{"content":"c"}]', 3],
    ["reasoning and arguments too", '{"reasoning":"abc","f":{"arguments":"{}"}}', 5],
    [
      "of reasoning in both its spellings once",
      '{"reasoning":"abc","reasoning_content":"abcd"}',
      4,
    ],
    ["not of a list of that name", '{"logprobs":{"content":[{"token":"abc"}]}}', 0],
    ["not of a text that names it", '{"x":"say \\"content\\":\\"much\\""}', 0],
    ["not of padding", '{"content":"a","obfuscation":"xxxxxxxx"}', 1],
    ["of an event that is cut in it", '{"content":"ab', 2],
  ])("%s", (_name, event, bytes) => {
    expect(spokenBytes(event, openaiChat.spokenKeys)).toBe(bytes);
  });

  it.each([
    [openaiResponses, "delta", ["text", "part"]],
    [openaiCompletions, "text", ["tokens"]],
    [anthropicMessages, "thinking", ["signature"]],
  ] as const)("is what each dialect says: %#", (dialect: Dialect, spoken, silent) => {
    expect(spokenBytes(JSON.stringify({ [spoken]: "abc" }), dialect.spokenKeys)).toBe(3);
    for (const name of silent)
      expect(spokenBytes(JSON.stringify({ [name]: "abc" }), dialect.spokenKeys)).toBe(0);
  });
});
