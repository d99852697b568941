import { describe, expect, it } from "vitest";
import { type RequestBody, readRequestBody } from "../body/request.ts";
import { spliceBytes } from "../body/splice.ts";
import { isResumable, prefillEdit, SentText } from "./resume.ts";

function bodyOf(more: object, messages: unknown = [{ role: "user", content: "hi" }]): RequestBody {
  const text = JSON.stringify({ model: "m", stream: true, messages, ...more });
  const body = readRequestBody(Buffer.from(text), "chat");
  if ("code" in body) throw new Error(body.message);
  return body;
}

const event = (delta: object, more: object[] = []): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta }, ...more] })}`;

describe("requests whose answer can be continued", () => {
  it.each([
    ["one plain text", {}, true],
    ["text named as the format", { response_format: { type: "text" } }, true],
    ["a JSON schema", { response_format: { type: "json_schema" } }, false],
    ["tools", { tools: [] }, false],
    ["functions", { functions: [] }, false],
    ["two choices", { n: 2 }, false],
    ["no stream", { stream: false }, false],
  ])("%s: %j %s", (_name, more, expected) => {
    expect(isResumable(bodyOf(more))).toBe(expected);
  });
});

it("a message of Anthropic's API cannot, so nobody is told that it could", () => {
  const text =
    '{"model":"m","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"a"}]}';
  const body = readRequestBody(Buffer.from(text), "messages");
  if ("code" in body) throw new Error(body.message);
  expect(isResumable(body)).toBe(false);
});

describe("the text that was sent", () => {
  it("is what the events carried, in order", () => {
    const sent = new SentText();
    for (const content of ["Hel", "lo", " ✓"]) sent.add(event({ content }));
    expect([sent.text, sent.chars, sent.isText]).toEqual(["Hello ✓", 7, true]);
  });

  it.each([
    ["a tool call", event({ tool_calls: [{}] })],
    ["audio", event({ audio: {} })],
    ["a refusal", event({ refusal: "no" })],
    ["a thought", event({ content: "", reasoning_content: "hm" })],
    ["a thought beside its text", event({ content: "a", reasoning: "hm" })],
    ["a function of old", event({ function_call: { name: "f" } })],
    ["a second choice", event({ content: "a" }, [{ index: 1, delta: { content: "b" } }])],
    ["over 256 KiB", event({ content: "x".repeat(256 * 1024 + 1) })],
  ])("with %s it is no text to continue", (_name, text) => {
    const sent = new SentText();
    sent.add(text);
    expect(sent.isText).toBe(false);
  });
});

describe("the prefill", () => {
  it.each([
    [
      "after the last message",
      [{ role: "user", content: "hi" }],
      '[{"role":"user","content":"hi"},',
    ],
    ["alone in an empty list", [], "["],
  ])("stands %s and changes no other byte", (_name, messages, before) => {
    const body = bodyOf({ temperature: 0.5 }, messages);
    const edit = prefillEdit(body, 'so "far"');
    if (!edit) throw new Error("no edit");
    const text = spliceBytes(body.bytes, [edit]).toString();
    expect(text).toContain(`"messages":${before}{"role":"assistant","content":"so \\"far\\""}]`);
    expect(text.replace(edit.text, "")).toBe(body.bytes.toString());
  });
});
