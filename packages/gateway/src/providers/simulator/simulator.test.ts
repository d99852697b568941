import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { parseJson } from "@loadline/kit/json";
import { listOf, recordOf } from "../../dialects/json.ts";
import type { UpstreamOperation } from "../../upstream/upstream.ts";
import { type SimulatorSettings, simulatorSettings } from "./index.ts";
import { sampleOf } from "./sample.ts";
import { createSimulator } from "./simulator.ts";

const settings: SimulatorSettings = simulatorSettings.parse({
  provider: "simulator",
  tokens: 4,
  latency: 0,
  tokensPerSecond: 1e6,
  dimensions: 3,
});

/** Everything one call is answered with. */
function ask(operation: UpstreamOperation, body: object): { status: number; text: string } {
  const clock = new TestClock();
  const simulated = createSimulator(settings, clock);
  let status = 0;
  let text = "";
  let isOver = false;
  const isStream = "stream" in body;
  const bytes = Buffer.from(JSON.stringify(body));
  simulated.call(
    { operation, body: bytes, isStream, traceparent: undefined },
    {
      head: (head) => void (status = head),
      data: (chunk) => void (text += chunk.toString()),
      end: () => void (isOver = true),
      fail: () => void (isOver = true),
    },
  );
  for (let i = 0; i < 100 && !isOver; i++) clock.advance(1);
  return { status, text };
}

const tool = {
  type: "function",
  function: {
    name: "add",
    parameters: { type: "object", properties: { a: { type: "integer" }, b: { enum: ["x"] } } },
  },
};

describe("simulator", () => {
  it("calls the tool it is told to call, with arguments of its schema", () => {
    const { text } = ask("chat", { tools: [tool], tool_choice: "required" });
    const choice = recordOf(listOf(recordOf(parseJson(text))["choices"])[0]);
    expect(choice).toMatchObject({
      finish_reason: "tool_calls",
      message: { tool_calls: [{ function: { name: "add", arguments: '{"a":1,"b":"x"}' } }] },
    });
  });

  it("streams a tool call as one name and pieces of its arguments", () => {
    const { text } = ask("chat", { stream: true, tools: [tool], tool_choice: "required" });
    expect(text.match(/"name":"add"/g)).toHaveLength(1);
    expect(text).toContain('"finish_reason":"tool_calls"');
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  it("answers in the asked schema, and in words otherwise", () => {
    const schema = { type: "object", properties: { s: { const: "ok" } } };
    const format = { type: "json_schema", json_schema: { schema } };
    expect(ask("chat", { response_format: format }).text).toContain('{\\"s\\":\\"ok\\"}');
    expect(ask("chat", {}).text).toContain('"word0 word1 word2 word3"');
    expect(ask("completions", {}).text).toContain('"text":"word0 word1 word2 word3"');
  });

  it("stops at the request's bound and says so", () => {
    const { text } = ask("chat", { max_tokens: 2 });
    expect(text).toContain('"word0 word1"');
    expect(text).toContain('"finish_reason":"length"');
    expect(text).toContain('"completion_tokens":2');
  });

  it("embeds each input, as numbers or as base64", () => {
    const plain = recordOf(parseJson(ask("embeddings", { input: ["a", "b"] }).text));
    expect(listOf(plain["data"]).map((item) => recordOf(item)["index"])).toEqual([0, 1]);
    const coded = ask("embeddings", { input: "a", encoding_format: "base64" });
    const floats = Buffer.from(Float32Array.from([1 / 3, 2 / 3, 1]).buffer).toString("base64");
    expect(coded.text).toContain(`"embedding":"${floats}"`);
  });

  it("samples every kind of schema, and no deeper than eight levels", () => {
    expect(sampleOf({ type: ["string", "null"] })).toBe("word");
    expect(sampleOf({ anyOf: [{ type: "boolean" }] })).toBe(true);
    expect(sampleOf({ type: "array", items: { type: "number", minimum: 3 } })).toEqual([3]);
    const endless: Record<string, unknown> = { type: "array" };
    endless["items"] = endless;
    expect(JSON.stringify(sampleOf(endless))).toBe(`${"[".repeat(9)}null${"]".repeat(9)}`);
  });
});
