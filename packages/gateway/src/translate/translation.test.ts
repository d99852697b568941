import { describe, expect, it } from "vitest";
import { parseJson } from "@loadline/kit/json";
import { recordOf } from "../dialects/json.ts";
import { eventsOf } from "./answers.fixture.ts";
import { ask, carried, hello, request } from "./translation.fixture.ts";
import { translationFor } from "./translation.ts";

it("there is no translation between dialects that have no lane", () => {
  expect(translationFor("openai.chat", "openai.chat")).toBe(undefined);
  expect(translationFor("openai.embeddings", "openai.chat")).toBe(undefined);
  expect(translationFor("anthropic.messages", "gemini.generate")).toBe(undefined);
});

describe("requests", () => {
  it("chat to messages: system apart, tools, images and neighbours joined, bound lowered", () => {
    const url = "data:image/png;base64,AAAA";
    const value = {
      max_completion_tokens: 900,
      stream: true,
      user: "u1",
      parallel_tool_calls: false,
      tools: [{ type: "function", function: { name: "f", parameters: { type: "object" } } }],
      messages: [
        { role: "system", content: "s" },
        {
          role: "user",
          content: [
            { type: "text", text: "a" },
            { type: "image_url", image_url: { url } },
          ],
        },
        {
          role: "assistant",
          content: null,
          tool_calls: [
            { id: "c1", type: "function", function: { name: "f", arguments: '{"x":1}' } },
          ],
        },
        { role: "tool", tool_call_id: "c1", content: "r" },
        { role: "user", content: "b" },
      ],
    };
    expect(request(carried("chat", "anthropic.messages", value))).toEqual({
      model: "up",
      max_tokens: 500,
      system: "s",
      stream: true,
      metadata: { user_id: "u1" },
      tools: [{ name: "f", input_schema: { type: "object" } }],
      tool_choice: { type: "auto", disable_parallel_tool_use: true },
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "a" },
            { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
          ],
        },
        {
          role: "assistant",
          content: [{ type: "tool_use", id: "c1", name: "f", input: { x: 1 } }],
        },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "c1", content: "r" },
            { type: "text", text: "b" },
          ],
        },
      ],
    });
  });

  it("chat to Gemini: roles, tools, schema and generation settings", () => {
    const value = {
      messages: [
        { role: "system", content: "s" },
        { role: "user", content: "a" },
        { role: "assistant", tool_calls: [{ id: "c1", function: { name: "f", arguments: "{}" } }] },
        { role: "tool", tool_call_id: "c1", content: "r" },
      ],
      temperature: 0.1,
      tool_choice: "required",
      tools: [{ type: "function", function: { name: "f" } }],
      response_format: {
        type: "json_schema",
        json_schema: { name: "n", schema: { type: "object" } },
      },
    };
    expect(request(carried("chat", "gemini.generate", value))).toEqual({
      contents: [
        { role: "user", parts: [{ text: "a" }] },
        { role: "model", parts: [{ functionCall: { id: "c1", name: "f", args: {} } }] },
        {
          role: "user",
          parts: [{ functionResponse: { id: "c1", name: "f", response: { result: "r" } } }],
        },
      ],
      systemInstruction: { parts: [{ text: "s" }] },
      generationConfig: {
        maxOutputTokens: 500,
        temperature: 0.1,
        responseMimeType: "application/json",
        responseJsonSchema: { type: "object" },
      },
      tools: [
        {
          functionDeclarations: [
            { name: "f", parametersJsonSchema: { type: "object", properties: {} } },
          ],
        },
      ],
      toolConfig: { functionCallingConfig: { mode: "ANY" } },
    });
  });

  it("responses to chat: instructions, items of tools and the text format", () => {
    const value = {
      instructions: "s",
      input: [
        { role: "user", content: [{ type: "input_text", text: "a" }] },
        { type: "function_call", call_id: "c1", name: "f", arguments: "{}" },
        { type: "function_call", call_id: "c2", name: "f", arguments: "{}" },
        { type: "function_call_output", call_id: "c1", output: "r1" },
        { type: "function_call_output", call_id: "c2", output: "r2" },
      ],
      reasoning: { effort: "low" },
      text: { format: { type: "json_object" } },
    };
    const called = (id: string) => ({
      id,
      type: "function",
      function: { name: "f", arguments: "{}" },
    });
    expect(request(carried("responses", "openai.chat", value))).toEqual({
      model: "up",
      max_tokens: 500,
      reasoning_effort: "low",
      response_format: { type: "json_object" },
      messages: [
        { role: "system", content: "s" },
        { role: "user", content: "a" },
        { role: "assistant", content: null, tool_calls: [called("c1"), called("c2")] },
        { role: "tool", tool_call_id: "c1", content: "r1" },
        { role: "tool", tool_call_id: "c2", content: "r2" },
      ],
    });
  });
});

describe("what a schema asks for", () => {
  const schema = { type: "object" };

  it.each([
    [{ strict: false }, { strict: false }],
    [
      { strict: true, description: "d" },
      { description: "d", strict: true },
    ],
    [{}, {}],
  ])("responses to chat: %j of an answer's format stays as it is", (more, wanted) => {
    const format = { type: "json_schema", name: "n", schema, ...more };
    const asked = request(carried("responses", "openai.chat", { input: "x", text: { format } }));
    expect(recordOf(asked)["response_format"]).toEqual({
      type: "json_schema",
      json_schema: { name: "n", schema, ...wanted },
    });
  });

  it("chat to messages: a strict tool is strict there, too", () => {
    const tool = (strict: boolean) => ({ type: "function", function: { name: "f", strict } });
    const value = { messages: hello, tools: [tool(true), tool(false)] };
    const asked = recordOf(request(carried("chat", "anthropic.messages", value)));
    expect(asked["tools"]).toMatchObject([{ name: "f", strict: true }, { name: "f" }]);
    expect(JSON.stringify(asked["tools"])).not.toContain("false");
  });
});

describe("answers", () => {
  it("Gemini's stream becomes chat chunks with calls, usage and one [DONE]", () => {
    const value = { messages: hello, stream: true, stream_options: { include_usage: true } };
    const lane = carried("chat", "gemini.generate", value);
    const first = {
      responseId: "g1",
      modelVersion: "gm",
      candidates: [{ content: { parts: [{ text: "a" }] } }],
    };
    const call = { functionCall: { name: "f", args: { x: 1 } } };
    const last = {
      candidates: [{ content: { parts: [call] }, finishReason: "STOP" }],
      usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 4, thoughtsTokenCount: 5 },
    };
    const text =
      [first, last].map((event) => lane.event(`data: ${JSON.stringify(event)}`)).join("") +
      lane.end().toString();
    const events = eventsOf(text);
    expect(events.map((event) => event["id"])).toEqual(events.map(() => "g1"));
    expect(text).toContain('"id":"call_req_1_0"');
    expect(text).toContain('"finish_reason":"tool_calls"');
    expect(events.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 3, completion_tokens: 9, total_tokens: 12 },
    });
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  it("a thought that a chat upstream writes under both its names is told once", () => {
    const lane = carried("messages", "openai.chat", { ...ask, stream: true });
    const delta = { reasoning_content: "hm", reasoning: "hm" };
    const event = { id: "a", model: "up", choices: [{ index: 0, delta }] };
    const text = String(lane.event(`data: ${JSON.stringify(event)}`));
    expect(text.split('"thinking":"hm"')).toHaveLength(2);
  });

  it("a whole answer of the upstream is the client's, and none is no answer", () => {
    const lane = carried("messages", "openai.chat", ask);
    const message = {
      content: "hi",
      tool_calls: [{ id: "c1", function: { name: "f", arguments: '{"x":1}' } }],
    };
    const body = {
      id: "a1",
      model: "up",
      choices: [{ message, finish_reason: "tool_calls" }],
      usage: {
        prompt_tokens: 5,
        completion_tokens: 2,
        prompt_tokens_details: { cached_tokens: 4 },
      },
    };
    expect(parseJson(String(lane.whole(Buffer.from(JSON.stringify(body)))))).toMatchObject({
      id: "a1",
      type: "message",
      role: "assistant",
      model: "up",
      content: [
        { type: "text", text: "hi" },
        { type: "tool_use", id: "c1", name: "f", input: { x: 1 } },
      ],
      stop_reason: "tool_use",
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 2, cache_read_input_tokens: 4 },
    });
    expect(lane.whole(Buffer.from('{"choices":[]}'))).toBe(undefined);
    expect(lane.whole(Buffer.from("nope"))).toBe(undefined);
  });

  it("an upstream's refusal reaches the client in its own envelope", () => {
    const refusal =
      '{"type":"error","error":{"type":"invalid_request_error","message":"too long"}}';
    const shown = carried("chat", "anthropic.messages", { messages: hello }).error(
      Buffer.from(refusal),
    );
    expect(parseJson(shown.toString())).toMatchObject({
      error: { message: "too long", code: "invalid_request_error" },
    });
    const google = '[{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}]';
    const other = carried("chat", "gemini.generate", { messages: hello }).error(
      Buffer.from(google),
    );
    expect(recordOf(recordOf(parseJson(other.toString()))["error"])["code"]).toBe(
      "INVALID_ARGUMENT",
    );
  });
});
