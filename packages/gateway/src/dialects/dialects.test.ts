import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "@loadline/kit/json";
import { anthropicMessages } from "./anthropic-messages/index.ts";
import type { Dialect } from "./dialect.ts";
import { geminiGenerate } from "./gemini-generate/index.ts";
import { dialectOf } from "./index.ts";
import { openaiChat } from "./openai-chat/index.ts";
import { openaiCompletions } from "./openai-completions/index.ts";
import { openaiEmbeddings } from "./openai-embeddings/index.ts";
import { openaiResponses } from "./openai-responses/index.ts";
import { anthropicUsage, laterUsage, responsesUsage } from "./usage.ts";

const kind = (dialect: Dialect, data: unknown): string => {
  const event = dialect.classify(`data: ${typeof data === "string" ? data : JSON.stringify(data)}`);
  return event.isFinish ? `${event.kind}+finish` : event.kind;
};
const delta = (value: object, finish: string | null = null) => ({
  choices: [{ index: 0, delta: value, finish_reason: finish }],
});

describe("what counts as content", () => {
  it.each([
    [delta({ role: "assistant", content: "" }), "preamble"],
    [{ choices: [] }, "preamble"],
    [delta({ content: "a" }), "content"],
    [delta({ reasoning_content: "a" }), "content"],
    [delta({ refusal: "a" }), "content"],
    [delta({ audio: { data: "x" } }), "content"],
    [delta({ tool_calls: [{ index: 0, function: { name: "f" } }] }), "content"],
    [delta({ tool_calls: [{ index: 0, id: "x", function: { arguments: "" } }] }), "preamble"],
    [delta({}, "stop"), "finish+finish"],
    [delta({ content: "a" }, "stop"), "content+finish"],
    [{ choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } }, "usage"],
    [{ error: { message: "x" } }, "error"],
    ["[DONE]", "marker"],
    ["{nope", "unreadable"],
    ["[]", "unreadable"],
  ])("chat: %j is %s", (data, expected) => {
    expect(kind(openaiChat, data)).toBe(expected);
  });

  it("an event that is named an error is one, whatever its data says", () => {
    const kindOf = (dialect: Dialect, text: string): string => dialect.classify(text).kind;
    for (const dialect of [openaiChat, openaiCompletions]) {
      expect(kindOf(dialect, 'event: error\ndata: {"message":"x"}')).toBe("error");
      expect(kindOf(dialect, 'id: 1\r\nevent:error\r\ndata: {"choices":[]}')).toBe("error");
      expect(kindOf(dialect, 'event: errors\ndata: {"choices":[]}')).toBe("preamble");
      expect(kindOf(dialect, 'data: {"choices":[],"x":"event: error"}')).toBe("preamble");
    }
  });

  it.each([0x20_28, 0x20_29])(
    "a model's text is no name of an event, with unit %i in it",
    (code) => {
      const line = String.fromCharCode(code);
      const said = `a${line}event: error${line}b`;
      expect(kind(openaiChat, delta({ content: said }))).toBe("content");
      expect(kind(openaiCompletions, { choices: [{ text: said }] })).toBe("content");
      expect(openaiChat.classify('event: error\rdata: {"choices":[]}').kind).toBe("error");
    },
  );

  it.each([
    [{ choices: [{ text: "" }] }, "preamble"],
    [{ choices: [{ text: "a" }] }, "content"],
    [{ choices: [{ text: "", finish_reason: "length" }] }, "finish+finish"],
    ["[DONE]", "marker"],
  ])("completions: %j is %s", (data, expected) => {
    expect(kind(openaiCompletions, data)).toBe(expected);
  });

  it.each([
    [{ type: "response.created" }, "preamble"],
    [{ type: "response.in_progress" }, "preamble"],
    [{ type: "response.output_item.added" }, "preamble"],
    [{ type: "response.content_part.added" }, "preamble"],
    [{ type: "response.output_text.delta", delta: "a" }, "content"],
    [{ type: "response.of.tomorrow" }, "content"],
    [{ type: "response.completed", response: {} }, "marker+finish"],
    [{ type: "response.incomplete", response: {} }, "marker+finish"],
    [{ type: "response.failed" }, "error"],
    [{ type: "error" }, "error"],
  ])("responses: %j is %s", (data, expected) => {
    expect(kind(openaiResponses, data)).toBe(expected);
  });

  it.each([
    [{ type: "ping" }, "preamble"],
    [{ type: "message_start", message: {} }, "preamble"],
    [{ type: "content_block_start", content_block: { type: "text", text: "" } }, "preamble"],
    [{ type: "content_block_start", content_block: { type: "tool_use" } }, "content"],
    [{ type: "content_block_delta", delta: {} }, "content"],
    [{ type: "content_block_stop" }, "preamble"],
    [{ type: "message_delta", delta: { stop_reason: "end_turn" } }, "finish+finish"],
    [{ type: "message_stop" }, "marker"],
    [{ type: "error", error: {} }, "error"],
    [{ type: "of_tomorrow" }, "content"],
  ])("messages: %j is %s", (data, expected) => {
    expect(kind(anthropicMessages, data)).toBe(expected);
  });

  it.each([
    [{ candidates: [{ content: { parts: [{ text: "" }] } }] }, "preamble"],
    [{ candidates: [{ content: { parts: [{ text: "a" }] } }] }, "content"],
    [
      { candidates: [{ content: { parts: [{ functionCall: {} }] }, finishReason: "STOP" }] },
      "content+finish",
    ],
    [{ candidates: [{ finishReason: "MAX_TOKENS" }] }, "finish+finish"],
    [{ promptFeedback: { blockReason: "SAFETY" } }, "finish+finish"],
    [{ error: { code: 500 } }, "error"],
  ])("Gemini: %j is %s", (data, expected) => {
    expect(kind(geminiGenerate, data)).toBe(expected);
  });

  it.each([
    [[{ text: "héy" }, { text: "a", thought: true }], 5],
    [[{ functionCall: { name: "fn", args: { city: "Köln", days: [12, true], no: null } } }], 23],
    [[{ text: "ab" }, { functionCall: { name: "f", args: { text: "abc" } } }], 10],
    [[{ executableCode: { language: "PYTHON", code: "1+1" } }], 3],
    [[{ functionCall: { id: "x", name: "f" }, thoughtSignature: "A".repeat(99) }], 1],
    [[{ inlineData: { mimeType: "image/png", data: "A".repeat(99) } }, null, 7], 0],
  ])("Gemini: what the model said in %j is %i bytes", (parts, bytes) => {
    const value = { candidates: [{ content: { parts } }, { content: { parts: [] } }] };
    const usageMetadata = { promptTokenCount: 1, candidatesTokenCount: 2 };
    for (const more of [{}, { usageMetadata }]) {
      const event = geminiGenerate.classify(`data: ${JSON.stringify({ ...value, ...more })}`);
      expect(event).toMatchObject({ kind: "content", spokenBytes: bytes });
    }
  });

  it("Gemini: a call's arguments are read however deep they are", () => {
    const args = `${'{"a":['.repeat(50_000)}1${"]}".repeat(50_000)}`;
    const part = `{"functionCall":{"name":"f","args":${args}}}`;
    const text = `data: {"candidates":[{"content":{"parts":[${part}]}}]}`;
    expect(geminiGenerate.classify(text).spokenBytes).toBe(50_002);
  });

  it("comments and fields without data are comments in every dialect", () => {
    const all = [openaiChat, openaiCompletions, openaiResponses, anthropicMessages, geminiGenerate];
    for (const dialect of all) {
      expect(dialect.classify(": hello").kind).toBe("comment");
      expect(dialect.classify("event: x\nid: 1").kind).toBe("comment");
    }
  });
});

describe("usage", () => {
  const usage = (dialect: Dialect, data: object) =>
    dialect.classify(`data: ${JSON.stringify(data)}`).usage;

  it("each dialect's own fields are read, cached and reasoning tokens too", () => {
    const openai = {
      prompt_tokens: 9,
      completion_tokens: 8,
      prompt_tokens_details: { cached_tokens: 7 },
      completion_tokens_details: { reasoning_tokens: 6 },
    };
    const all = { inputTokens: 9, outputTokens: 8, cachedTokens: 7, reasoningTokens: 6 };
    expect(usage(openaiChat, { choices: [], usage: openai })).toEqual(all);
    const response = {
      usage: {
        input_tokens: 9,
        output_tokens: 8,
        input_tokens_details: { cached_tokens: 7 },
        output_tokens_details: { reasoning_tokens: 6 },
      },
    };
    expect(usage(openaiResponses, { type: "response.completed", response })).toEqual(all);
    const start = { input_tokens: 2, cache_read_input_tokens: 7, output_tokens: 1 };
    expect(usage(anthropicMessages, { type: "message_start", message: { usage: start } })).toEqual({
      inputTokens: 9,
      outputTokens: 1,
      cachedTokens: 7,
    });
    const meta = { promptTokenCount: 9, candidatesTokenCount: 2, thoughtsTokenCount: 6 };
    expect(usage(geminiGenerate, { usageMetadata: meta })).toEqual({
      inputTokens: 9,
      outputTokens: 8,
      reasoningTokens: 6,
    });
  });

  it("a later report never takes away what an earlier one said", () => {
    const start = { inputTokens: 9, outputTokens: 1, cachedTokens: 7 };
    expect(laterUsage(start, { inputTokens: 0, outputTokens: 8 })).toEqual({
      inputTokens: 9,
      outputTokens: 8,
      cachedTokens: 7,
    });
  });

  it("counts that are no counts are no usage", () => {
    for (const bad of [null, 1, {}, { prompt_tokens: "1" }, { prompt_tokens: -1 }])
      expect(usage(openaiChat, { choices: [], usage: bad })).toBe(undefined);
  });

  it("whatever an upstream says, counts are integers, and a part is no more than its whole", () => {
    const count = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(1e308, 1e8, 1e8 + 1, 0.5));
    const said = fc.record(
      {
        input_tokens: count,
        cache_read_input_tokens: count,
        cache_creation_input_tokens: count,
        output_tokens: count,
        input_tokens_details: fc.record({ cached_tokens: count }),
        output_tokens_details: fc.record({ reasoning_tokens: count }),
      },
      { requiredKeys: [] },
    );
    const law = fc.property(said, (value) => {
      for (const read of [responsesUsage(value), anthropicUsage(value)]) {
        if (!read) continue;
        const { inputTokens, outputTokens, cachedTokens = 0, reasoningTokens = 0 } = read;
        for (const one of [inputTokens, outputTokens, cachedTokens, reasoningTokens])
          expect(Number.isSafeInteger(one) && one >= 0).toBe(true);
        expect(cachedTokens).toBeLessThanOrEqual(inputTokens);
        expect(reasoningTokens).toBeLessThanOrEqual(outputTokens);
      }
    });
    fc.assert(law, { seed: 20_261_122, numRuns: 500 });
  });
});

describe("whole answers", () => {
  it.each([
    [openaiChat, { choices: [{}], usage: { prompt_tokens: 1, completion_tokens: 2 } }],
    [openaiEmbeddings, { data: [], usage: { prompt_tokens: 1, completion_tokens: 2 } }],
    [openaiResponses, { output: [], usage: { input_tokens: 1, output_tokens: 2 } }],
    [anthropicMessages, { content: [], usage: { input_tokens: 1, output_tokens: 2 } }],
    [
      geminiGenerate,
      { candidates: [{}], usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2 } },
    ],
  ])("content and usage are found, errors under 200 and empty ones refused", (dialect, answer) => {
    const read = (value: object) => dialect.readAnswer(Buffer.from(JSON.stringify(value)));
    expect(read(answer)).toEqual({ usage: { inputTokens: 1, outputTokens: 2 } });
    expect(read({ ...answer, error: { message: "x" } })).toContain("error");
    expect(read({ usage: {} })).toContain("without content");
    expect(dialect.readAnswer(Buffer.from("<html>"))).toContain("expected an object");
  });
});

describe("our own errors", () => {
  const refusal = { code: "LL_MODEL_UNKNOWN", param: "model" } as const;

  it("Anthropic's clients get Anthropic's envelope and header, others OpenAI's", () => {
    const own = parseJson(dialectOf("messages").errorBody(refusal, "req_1"));
    expect(own).toMatchObject({
      type: "error",
      error: { type: "not_found_error", code: "LL_MODEL_UNKNOWN", param: "model" },
      request_id: "req_1",
    });
    expect(dialectOf("messages").requestIdHeader).toBe("request-id");
    for (const operation of ["chat", "completions", "responses", "embeddings", "health"] as const) {
      expect(parseJson(dialectOf(operation).errorBody(refusal, "req_1"))).toMatchObject({
        error: { type: "invalid_request_error", code: "LL_MODEL_UNKNOWN", param: "model" },
      });
      expect(dialectOf(operation).requestIdHeader).toBe("x-request-id");
    }
  });

  it("the last event of a cut stream is an error in every dialect's own reading", () => {
    for (const operation of ["chat", "completions", "responses", "messages"] as const) {
      const dialect = dialectOf(operation);
      const frame = dialect.errorFrame({ code: "LL_STREAM_CUT" }, "req_1").toString();
      expect(dialect.classify(frame.trimEnd()).kind).toBe("error");
      expect(frame).toContain("req_1");
      expect(frame.endsWith("\n\n")).toBe(true);
    }
  });
});
