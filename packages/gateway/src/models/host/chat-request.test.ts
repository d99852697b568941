import { describe, expect, it } from "vitest";
import { parseChatRequest } from "./chat-request.ts";
import { parseBody } from "./fields.ts";

const messages = [{ role: "user", content: "hello" }];

function paramOf(fields: Record<string, unknown>): unknown {
  try {
    parseChatRequest(fields);
  } catch (error) {
    return error instanceof Error && "param" in error ? error.param : error;
  }
  return "accepted";
}

describe("chat request", () => {
  it("defaults are greedy, whole, unlimited and without a usage chunk", () => {
    expect(parseChatRequest({ messages })).toEqual({
      messages,
      sampling: { temperature: 0 },
      stops: [],
      isStream: false,
      hasUsageChunk: false,
    });
  });

  it("reads every field it serves", () => {
    const parsed = parseChatRequest({
      messages: [
        { role: "developer", content: "Be brief." },
        {
          role: "user",
          content: [
            { type: "text", text: "hel" },
            { type: "text", text: "lo" },
          ],
        },
        { role: "assistant", content: "Hello." },
      ],
      temperature: 0.5,
      top_p: 0.9,
      seed: -7,
      stop: "x",
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 9,
      max_completion_tokens: 5,
      n: 1,
      tools: [],
      response_format: { type: "text" },
      user: "someone",
    });
    expect(parsed).toEqual({
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "hello" },
        { role: "assistant", content: "Hello." },
      ],
      sampling: { temperature: 0.5, topP: 0.9, seed: 7 },
      stops: ["x"],
      isStream: true,
      hasUsageChunk: true,
      tokensMax: 5,
    });
  });

  it.each([
    [{ messages: [] }, "messages"],
    [{ messages: ["hello"] }, "messages[0]"],
    [{ messages: [{ role: "poet", content: "" }] }, "messages[0].role"],
    [{ messages: [{ role: "user", content: 1 }] }, "messages[0].content"],
    [{ messages: [{ role: "user", content: [{ type: "image_url" }] }] }, "messages[0].content"],
    [{ messages, max_tokens: 0 }, "max_tokens"],
    [{ messages, max_completion_tokens: 1.5 }, "max_completion_tokens"],
    [{ messages, temperature: 2.1 }, "temperature"],
    [{ messages, top_p: "1" }, "top_p"],
    [{ messages, seed: 0.5 }, "seed"],
    [{ messages, stop: ["a", "b", "c", "d", "e"] }, "stop"],
    [{ messages, stop: "" }, "stop"],
    [{ messages, stream: "yes" }, "stream"],
    [{ messages, stream_options: true }, "stream_options"],
    [{ messages, n: 2 }, "n"],
    [{ messages, tools: [{}] }, "tools"],
    [{ messages, logprobs: true }, "logprobs"],
    [{ messages, response_format: { type: "json_object" } }, "response_format"],
  ])("names the field it refuses: %j", (fields, param) => {
    expect(paramOf(fields)).toBe(param);
  });
});

describe("body", () => {
  const body = (text: string) => () => parseBody(Buffer.from(text), "tiny");

  it("is a JSON object that names this host's model", () => {
    expect(body('{"model":"tiny","a":1}')()).toEqual({ model: "tiny", a: 1 });
  });

  it.each([
    ["{", "LL_MODEL_REQUEST"],
    ["[]", "LL_MODEL_REQUEST"],
    ["{}", "LL_MODEL_REQUEST"],
    ['{"model":"other"}', "LL_MODEL_NAME"],
  ])("%s is refused with %s", (text, code) => {
    expect(body(text)).toThrow(expect.objectContaining({ code }));
  });
});
