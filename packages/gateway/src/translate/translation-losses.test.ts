import { describe, expect, it } from "vitest";
import { recordOf } from "../dialects/json.ts";
import { ask, carried, hello, request, translate } from "./translation.fixture.ts";

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
