import { describe, expect, it } from "vitest";
import { createFlight, type Flight } from "../../engine/flight.ts";
import { metricOf } from "../../record/metrics.ts";
import { openAnswer } from "../answer.fixture.ts";
import type { LoadClient } from "../client.ts";
import { createLlmClient } from "./llm-client.ts";
import type { GeneratingLoadRequest, LlmLoadRequest } from "./request.ts";

const base = { path: "/api", headers: ["host", "h"] };

interface Sent {
  readonly line: string;
  readonly headers: string;
  readonly body: Record<string, unknown>;
}

function sent(r: LlmLoadRequest): Sent {
  const text = createLlmClient(r, base, { seed: 1 }).bytes(0).toString();
  const [head = "", body = ""] = text.split("\r\n\r\n");
  const [line = "", ...headers] = head.split("\r\n");
  return { line, headers: headers.join("\n"), body: Object(JSON.parse(body)) };
}

/** The end of an answer, its parts 10 ms apart after the head at 0. */
function answer(client: LoadClient, type: string, parts: readonly string[]): [string, Flight] {
  const flight = createFlight(0, 0, -20);
  flight.sendMs = -10;
  const opened = openAnswer(client.reader(), flight);
  flight.firstByteMs = 0;
  const length = Buffer.byteLength(parts.join(""));
  const head = `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n`;
  for (const [at, part] of [head, ...parts].entries()) opened.feed(Buffer.from(part), at * 10);
  return [opened.outcome, flight];
}

const shared = { model: "m", maxTokens: 8, stream: false } as const;
const messages = [
  { role: "system", content: "s" },
  { role: "user", content: "u" },
];

describe("requests", () => {
  it("each dialect asks in its own words, at its own path, with its own headers", () => {
    const chat = sent({ ...shared, kind: "chat", messages, stream: true });
    expect(chat.line).toBe("POST /api/v1/chat/completions HTTP/1.1");
    expect(chat.body).toMatchObject({ messages, stream_options: { include_usage: true } });
    const text = sent({ ...shared, kind: "completions", messages });
    expect(text.line).toBe("POST /api/v1/completions HTTP/1.1");
    expect(text.body).toEqual({ model: "m", prompt: "s\nu", max_tokens: 8, stream: false });
    const response = sent({ ...shared, kind: "responses", messages });
    expect(response.line).toBe("POST /api/v1/responses HTTP/1.1");
    expect(response.body).toMatchObject({ input: messages, max_output_tokens: 8 });
    const message = sent({ ...shared, kind: "messages", messages });
    expect(message.line).toBe("POST /api/v1/messages HTTP/1.1");
    expect(message.headers).toContain("anthropic-version: 2023-06-01");
    expect(message.body).toMatchObject({ system: "s", messages: [messages[1]], max_tokens: 8 });
    const embedding = sent({ kind: "embeddings", model: "m", prompts: ["x"] });
    expect(embedding.line).toBe("POST /api/v1/embeddings HTTP/1.1");
    expect(embedding.body).toEqual({ model: "m", input: "x" });
    expect(sent({ kind: "embeddings", model: "m", messages }).body["input"]).toEqual(["s", "u"]);
  });

  it("further headers and fields are sent, and win over our own", () => {
    const extra = { max_tokens: 99, tools: [] };
    const headers = { "x-tenant": "a" };
    const one = sent({ ...shared, kind: "chat", messages, path: "/own", headers, extra });
    expect(one.line).toBe("POST /api/own HTTP/1.1");
    expect(one.headers).toContain("x-tenant: a");
    expect(one.body).toMatchObject({ max_tokens: 99, tools: [] });
  });
});

const bodies: Record<string, [kind: LlmLoadRequest["kind"], body: unknown, tokens: number | null]> =
  {
    "a chat completion": [
      "chat",
      { choices: [{ message: { content: "a" } }], usage: { completion_tokens: 4 } },
      4,
    ],
    "a chat completion without a message": ["chat", { choices: [{}] }, null],
    "a text completion": [
      "completions",
      { choices: [{ text: "a" }], usage: { completion_tokens: 5 } },
      5,
    ],
    "a text completion of a chat": ["completions", { choices: [{ message: {} }] }, null],
    "a response": [
      "responses",
      {
        status: "completed",
        error: null,
        output: [{ type: "message", content: [{ type: "output_text", text: "a" }] }],
        usage: { output_tokens: 6 },
      },
      6,
    ],
    "a response that failed": ["responses", { status: "failed", output: [] }, null],
    "a response without output": ["responses", { status: "completed" }, null],
    "a message": [
      "messages",
      { type: "message", content: [{ type: "text", text: "a" }], usage: { output_tokens: 7 } },
      7,
    ],
    "an error of messages": ["messages", { type: "error", error: { type: "x" } }, null],
    "an embedding": ["embeddings", { data: [{ embedding: [0.1, 0.2] }] }, -1],
    "an embedding in base64": ["embeddings", { data: [{ embedding: "AAAA" }] }, -1],
    "an embedding of nothing": ["embeddings", { data: [{ embedding: [] }] }, null],
    "two embeddings for one input": [
      "embeddings",
      { data: [{ embedding: [1] }, { embedding: [1] }] },
      null,
    ],
  };

const clientOf = (kind: LlmLoadRequest["kind"], countTokens?: (text: string) => number) => {
  const r =
    kind === "embeddings"
      ? ({ kind, model: "m", prompts: ["a"] } as const)
      : ({ ...shared, kind, prompts: ["a"] } as const);
  return createLlmClient(r, base, { seed: 1, ...(countTokens !== undefined && { countTokens }) });
};

describe("whole answers", () => {
  for (const [name, [kind, body, tokens]] of Object.entries(bodies)) {
    it(`${name} is ${tokens === null ? "a protocol fault" : "ok, its first token unknown"}`, () => {
      const [outcome, flight] = answer(clientOf(kind), "application/json", [JSON.stringify(body)]);
      expect(outcome).toBe(tokens === null ? "protocol" : "ok");
      if (tokens !== null) expect(flight.tokens).toBe(tokens);
      expect(metricOf(flight, "ttft")).toBeNaN();
    });
  }

  it("an embedding has no tokens, no content and no time per token", () => {
    const body = JSON.stringify({ data: [{ embedding: [1] }], usage: { prompt_tokens: 3 } });
    const [, flight] = answer(clientOf("embeddings"), "application/json", [body]);
    expect([metricOf(flight, "tpot"), metricOf(flight, "e2e")]).toEqual([Number.NaN, Number.NaN]);
    expect(metricOf(flight, "service_time")).toBe(20);
  });
});

const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const delta = (d: unknown): string => event({ choices: [{ index: 0, delta: d }] });
const usage = (tokens: number): string =>
  event({ choices: [], usage: { completion_tokens: tokens } });
const done = "data: [DONE]\n\n";

function stream(parts: readonly string[], countTokens?: (text: string) => number): Flight {
  const r: GeneratingLoadRequest = { ...shared, kind: "chat", prompts: ["a"], stream: true };
  const o = { seed: 1, ...(countTokens !== undefined && { countTokens }) };
  const [outcome, flight] = answer(createLlmClient(r, base, o), "text/event-stream", parts);
  expect(outcome).toBe("ok");
  return flight;
}

describe("figures of a stream, sent at -10 ms, due at -20, head at 0, events each 10 ms", () => {
  it("every time of section 8 is measured from its own stamps", () => {
    const flight = stream([
      delta({ role: "assistant", content: "" }),
      delta({ reasoning: "r" }),
      delta({ content: "a" }),
      ": wait\n\n",
      delta({ content: "b" }),
      usage(5) + done,
    ]);
    const of = (metric: Parameters<typeof metricOf>[1]): number => metricOf(flight, metric);
    expect([of("ttfb"), of("ttft"), of("ttft_open"), of("ttfo")]).toEqual([10, 30, 40, 40]);
    expect([of("icl_max"), of("tpot")]).toEqual([20, 30 / 4]);
    expect([of("e2e"), of("e2e_open"), of("e2e_close")]).toEqual([60, 70, 70]);
    expect([flight.contentEvents, flight.contentReads]).toEqual([3, 3]);
    expect([flight.tokens, flight.tokensFrom]).toEqual([5, "usage"]);
  });

  it("the time per token is unknown for one token, for unknown tokens and for one read, never 0", () => {
    const two = [delta({ content: "a" }), delta({ content: "b" })];
    expect(metricOf(stream([...two, usage(1), done]), "tpot")).toBeNaN();
    expect(metricOf(stream([...two, done]), "tpot")).toBeNaN();
    expect(metricOf(stream([two.join(""), usage(9), done]), "tpot")).toBeNaN();
    expect(metricOf(stream([delta({ content: "a b c" }), usage(9), done]), "tpot")).toBeNaN();
  });

  it("tokens are the server's, else a tokenizer's, else unknown, and say which", () => {
    const words = (text: string): number => text.split(" ").length;
    const parts = [delta({ content: "one two" }), delta({ content: " three" })];
    const told = stream([...parts, usage(7), done], words);
    expect([told.tokens, told.tokensFrom]).toEqual([7, "usage"]);
    const counted = stream([...parts, done], words);
    expect([counted.tokens, counted.tokensFrom]).toEqual([3, "tokenizer"]);
    const unknown = stream([...parts, done]);
    expect([unknown.tokens, unknown.tokensFrom]).toEqual([-1, "unknown"]);
    const body = JSON.stringify({ choices: [{ message: { content: "one two" } }] });
    const [, flight] = answer(clientOf("chat", words), "application/json", [body]);
    expect([flight.tokens, flight.tokensFrom]).toEqual([2, "tokenizer"]);
  });
});
