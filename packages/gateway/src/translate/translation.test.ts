import { describe, expect, it } from "vitest";
import { parseJson } from "@loadline/kit/json";
import { isBodyProblem, readRequestBody } from "../body/request.ts";
import type { BodyOperation } from "../body/rules.ts";
import type { DialectId, Translation } from "../dialects/dialect.ts";
import { recordOf } from "../dialects/json.ts";
import { eventsOf } from "./answers.fixture.ts";
import { translationFor } from "./translation.ts";

const dialects: Readonly<Record<"chat" | "messages" | "responses", DialectId>> = {
  chat: "openai.chat",
  messages: "anthropic.messages",
  responses: "openai.responses",
};

function translate(
  from: keyof typeof dialects & BodyOperation,
  to: DialectId,
  value: object,
  unsupported: "reject" | "drop" = "reject",
): ReturnType<NonNullable<ReturnType<typeof translationFor>>> {
  const body = readRequestBody(Buffer.from(JSON.stringify({ model: "m", ...value })), from);
  if (isBodyProblem(body)) throw new Error(body.message);
  const translation = translationFor(dialects[from], to);
  if (!translation) throw new Error("no translation");
  return translation(body, {
    model: "up",
    unsupported,
    outputBound: 500,
    boundName: "max_tokens",
    requestId: "req_1",
    createdSeconds: 7,
  });
}

function carried(...args: Parameters<typeof translate>): Translation {
  const translation = translate(...args);
  if ("code" in translation) throw new Error(translation.message);
  return translation;
}

const request = (translation: Translation): unknown => parseJson(translation.request.toString());
const hello = [{ role: "user", content: "hello" }];
const ask = { max_tokens: 10, messages: hello };
const picture = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };

describe("what cannot be carried", () => {
  it.each([
    ["chat", "anthropic.messages", { messages: hello, logit_bias: {} }, "logit_bias"],
    ["chat", "anthropic.messages", { messages: hello, n: 2 }, "n"],
    ["chat", "anthropic.messages", { messages: hello, seed: 1 }, "seed"],
    [
      "chat",
      "anthropic.messages",
      { messages: [...hello, { role: "system", content: "x" }] },
      "messages[1].role",
    ],
    [
      "chat",
      "anthropic.messages",
      { messages: [{ role: "user", content: [{ type: "input_audio" }] }] },
      "messages[0].content[0]",
    ],
    ["chat", "gemini.generate", { messages: hello, user: "u" }, "user"],
    [
      "chat",
      "gemini.generate",
      { messages: [...hello, { role: "system", content: "x" }] },
      "messages[1].role",
    ],
    [
      "chat",
      "gemini.generate",
      { messages: [{ role: "system", content: [picture] }, ...hello] },
      "messages[0].content",
    ],
    [
      "chat",
      "gemini.generate",
      { messages: hello, tools: [{ type: "function", function: { name: "f", strict: true } }] },
      "tools[0].function.strict",
    ],
    [
      "chat",
      "anthropic.messages",
      { messages: [{ role: "tool", tool_call_id: "c", content: [picture] }] },
      "messages[0].content",
    ],
    [
      "chat",
      "anthropic.messages",
      {
        messages: [
          { role: "assistant", tool_calls: [{ id: "c", type: "custom", custom: { name: "f" } }] },
        ],
      },
      "messages[0].tool_calls[0]",
    ],
    [
      "chat",
      "gemini.generate",
      {
        messages: [
          {
            role: "user",
            content: [{ type: "image_url", image_url: { url: "https://a.test/x.png" } }],
          },
        ],
      },
      "messages[0].content",
    ],
    ["messages", "openai.chat", { ...ask, top_k: 3 }, "top_k"],
    ["messages", "openai.chat", { ...ask, thinking: { type: "enabled" } }, "thinking"],
    ["messages", "openai.chat", { ...ask, tools: [{ type: "web_search_20250305" }] }, "tools[0]"],
    [
      "messages",
      "openai.chat",
      { ...ask, system: [{ type: "text", text: "s", cache_control: {} }] },
      "system[0].cache_control",
    ],
    ["responses", "openai.chat", { input: "x", previous_response_id: "r" }, "previous_response_id"],
    ["responses", "openai.chat", { input: "x", store: true }, "store"],
    ["responses", "openai.chat", { input: "x", instructions: [] }, "instructions"],
    ["responses", "openai.chat", { input: [{ type: "item_reference", id: "x" }] }, "input[0]"],
  ] as const)("%s to %s names the field or drops it: %j", (from, to, value, field) => {
    expect(translate(from, to, value)).toMatchObject({
      code: "LL_TRANSLATE_UNSUPPORTED",
      param: field,
    });
    expect(carried(from, to, value, "drop").dropped).toContain(field);
  });

  it("fields that say what holds anyway are no loss", () => {
    const value = { messages: hello, n: 1, logprobs: false, store: false, user: null };
    expect(carried("chat", "anthropic.messages", value).dropped).toEqual([]);
  });

  it("there is no translation between dialects that have no lane", () => {
    expect(translationFor("openai.chat", "openai.chat")).toBe(undefined);
    expect(translationFor("openai.embeddings", "openai.chat")).toBe(undefined);
    expect(translationFor("anthropic.messages", "gemini.generate")).toBe(undefined);
  });
});

describe("tools that are no functions, under unsupported: drop", () => {
  const custom = { type: "custom", custom: { name: "grep" } };
  const tool = { type: "function", function: { name: "f", strict: true } };
  const called = { id: "c1", type: "custom", custom: { name: "grep", input: "x" } };
  const good = { id: "c2", type: "function", function: { name: "f", arguments: "{}" } };
  const result = (id: string) => ({ role: "tool", tool_call_id: id, content: `of ${id}` });

  it("a call goes with what it gave, and another of the same turn stays", () => {
    const messages = [
      ...hello,
      { role: "assistant", tool_calls: [called, good] },
      result("c1"),
      result("c2"),
    ];
    const translation = carried("chat", "anthropic.messages", { messages }, "drop");
    expect(translation.dropped).toEqual(["messages[1].tool_calls[0]", "messages[2]"]);
    expect(recordOf(request(translation))["messages"]).toEqual([
      { role: "user", content: [{ type: "text", text: "hello" }] },
      { role: "assistant", content: [{ type: "tool_use", id: "c2", name: "f", input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "c2", content: "of c2" }] },
    ]);
  });

  it("a turn that was nothing but such a call leaves no empty one", () => {
    const messages = [
      ...hello,
      { role: "assistant", tool_calls: [called] },
      result("c1"),
      ...hello,
    ];
    const translation = carried("chat", "gemini.generate", { messages }, "drop");
    expect(translation.dropped).toEqual(["messages[1].tool_calls[0]", "messages[2]"]);
    const parts = [{ text: "hello" }, { text: "hello" }];
    expect(recordOf(request(translation))["contents"]).toEqual([{ role: "user", parts }]);
  });

  it("fields of those after them are named by their own place", () => {
    const value = { messages: hello, tools: [custom, tool] };
    const { dropped } = carried("chat", "gemini.generate", value, "drop");
    expect(dropped).toEqual(["tools[0]", "tools[1].function.strict"]);
  });

  it.each([
    ["required", "none is left", [custom], []],
    [{ type: "function", function: { name: "grep" } }, "it is not left", [custom, tool], ["f"]],
  ] as const)("a choice of %j is left out where %s", (choice, _why, tools, left) => {
    const value = { messages: hello, tools, tool_choice: choice };
    const translation = carried("chat", "anthropic.messages", value, "drop");
    expect(translation.dropped).toContain("tool_choice");
    const asked = JSON.stringify(request(translation));
    expect(asked).not.toContain("tool_choice");
    for (const name of left) expect(asked).toContain(`"name":"${name}"`);
  });

  it("a choice among those that are left stays", () => {
    const value = { messages: hello, tools: [custom, tool], tool_choice: "required" };
    const translation = carried("chat", "anthropic.messages", value, "drop");
    expect(translation.dropped).toEqual(["tools[0]"]);
    expect(recordOf(request(translation))["tool_choice"]).toEqual({ type: "any" });
  });
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
