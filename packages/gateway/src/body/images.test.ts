import { describe, expect, it } from "vitest";
import { imagesIn } from "./images.ts";
import { isBodyProblem, readRequestBody } from "./request.ts";
import type { BodyOperation } from "./rules.ts";

function count(operation: BodyOperation, body: unknown): number {
  const text = typeof body === "string" ? body : JSON.stringify({ model: "m", ...Object(body) });
  const read = readRequestBody(Buffer.from(text), operation);
  if (isBodyProblem(read)) throw new TypeError(read.message);
  return imagesIn(read);
}

const url = { url: "data:image/png;base64,AAAA" };
const text = { type: "text", text: "what is this?" };
const ofChat = { type: "image_url", image_url: url };

describe("images of a request", () => {
  it("are counted in each dialect, those of every message together", () => {
    const content = [text, ofChat, ofChat];
    const messages = [
      { role: "user", content },
      { role: "assistant", content: "a cat" },
    ];
    expect(count("chat", { messages })).toBe(2);
    expect(count("chat", { messages: [...messages, { role: "user", content: [ofChat] }] })).toBe(3);
    const input = [{ role: "user", content: [{ type: "input_image", image_url: url.url }] }];
    expect(count("responses", { input })).toBe(1);
    const image = {
      type: "image",
      source: { type: "base64", media_type: "image/png", data: "AA" },
    };
    const result = { type: "tool_result", tool_use_id: "t", content: [image] };
    const asked = [{ role: "user", content: [image, result] }];
    expect(count("messages", { max_tokens: 9, messages: asked })).toBe(2);
  });

  it("are seen where a part says no type, or an output is a screen, and not in what a tool was given", () => {
    const untyped = [
      { image_url: "https://a.test/b.png" },
      { image_embeds: "AAAA" },
      { ...text, image_url: null },
    ];
    expect(count("chat", { messages: [{ role: "user", content: untyped }] })).toBe(2);
    const output = { type: "computer_screenshot", image_url: url.url };
    expect(count("responses", { input: [{ type: "computer_call_output", output }] })).toBe(1);
    const given = { type: "image", image_url: "https://a.test/b.png" };
    const asked = [{ type: "tool_use", id: "t", name: "see", input: given }];
    expect(
      count("messages", { max_tokens: 9, messages: [{ role: "assistant", content: asked }] }),
    ).toBe(0);
  });

  it("are seen behind an escape, and are not what a text says", () => {
    const part = String.raw`{"t\u0079pe":"image\u005furl","image_url":{"url":"a"}}`;
    const escaped = `{"model":"m","messages":[{"role":"user","content":[${part}]}]}`;
    expect(count("chat", escaped)).toBe(1);
    const content = JSON.stringify([ofChat]);
    expect(count("chat", { messages: [{ role: "user", content }] })).toBe(0);
  });

  it("are none where none are", () => {
    expect(count("chat", { messages: [{ role: "user", content: [text] }] })).toBe(0);
    expect(count("responses", { input: "image" })).toBe(0);
    expect(count("embeddings", { input: ["image_url"] })).toBe(0);
  });
});
