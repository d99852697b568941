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

interface Simulated {
  readonly status: number;
  readonly text: string;
  /** Simulated ms to the end. */
  readonly ms: number;
  readonly failure: string | undefined;
}

/** Everything one call is answered with. */
function ask(operation: UpstreamOperation, body: object): Simulated {
  const clock = new TestClock();
  return askOf(createSimulator(settings, clock), { clock, operation, body });
}

function askOf(
  simulated: ReturnType<typeof createSimulator>,
  o: { clock: TestClock; operation: UpstreamOperation; body: object },
): Simulated {
  const { clock, operation, body } = o;
  const startMs = clock.monotonicMs();
  let status = 0;
  let text = "";
  let failure: string | undefined;
  let isOver = false;
  const isStream = "stream" in body;
  const bytes = Buffer.from(JSON.stringify(body));
  simulated.call(
    { operation, body: bytes, isStream, traceparent: undefined },
    {
      head: (head) => void (status = head),
      data: (chunk) => void (text += chunk.toString()),
      end: () => void (isOver = true),
      fail(cls) {
        failure = cls;
        isOver = true;
      },
    },
  );
  for (let i = 0; i < 1000 && !isOver; i++) clock.advance(1);
  return { status, text, ms: clock.monotonicMs() - startMs, failure };
}

/** Answers of one target with these settings, asked one after the other. */
function series(more: Partial<SimulatorSettings>, count: number, body: object): Simulated[] {
  const clock = new TestClock();
  const simulated = createSimulator({ ...settings, ...more }, clock);
  return Array.from({ length: count }, () => askOf(simulated, { clock, operation: "chat", body }));
}

const tool = {
  type: "function",
  function: {
    name: "add",
    parameters: { type: "object", properties: { a: { type: "integer" }, b: { enum: ["x"] } } },
  },
};

describe("every schedule of a simulated target changes what it does", () => {
  it("errorEvery and errorStatus: each n-th request gets that status", () => {
    const statuses = (more: object) => series(more, 6, {}).map(({ status }) => status);
    expect(statuses({})).toEqual([200, 200, 200, 200, 200, 200]);
    expect(statuses({ errorEvery: 3 })).toEqual([200, 200, 500, 200, 200, 500]);
    expect(statuses({ errorEvery: 3, errorStatus: 429 })).toEqual([200, 200, 429, 200, 200, 429]);
  });

  it("cutEvery: each n-th stream breaks off after half of its tokens", () => {
    const stream = { stream: true };
    const isWhole = ({ text }: Simulated) => text.endsWith("data: [DONE]\n\n");
    expect(series({}, 4, stream).map(isWhole)).toEqual([true, true, true, true]);
    const cut = series({ cutEvery: 2 }, 4, stream);
    expect(cut.map(isWhole)).toEqual([true, false, true, false]);
    expect(cut.map(({ failure }) => failure === undefined)).toEqual([true, false, true, false]);
    expect(cut.map(({ text }) => text.match(/word\d/g)?.length)).toEqual([4, 2, 4, 2]);
  });

  it("latency and tokensPerSecond: when a whole answer and when a stream ends", () => {
    const msOf = (more: object, body: object) => series(more, 1, body)[0]?.ms;
    expect(msOf({ latency: 40 }, {})).toBe(40);
    expect(msOf({ latency: 90 }, {})).toBe(90);
    const atTen = msOf({ latency: 40, tokensPerSecond: 10 }, { stream: true }) ?? 0;
    const atFifty = msOf({ latency: 40, tokensPerSecond: 50 }, { stream: true }) ?? 0;
    expect([Math.round((atTen - 40) / 100), Math.round((atFifty - 40) / 20)]).toEqual([3, 3]);
  });
});

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
