import { describe, expect, it } from "vitest";
import { createFlight, type Flight } from "../../engine/flight.ts";
import { openAnswer } from "../answer.fixture.ts";
import { createLlmClient } from "./llm-client.ts";

interface Read {
  outcome: string;
  flight: Flight;
}

/** Feeds an answer in pieces, piece i at i + 1 ms after sending at 0. */
function read(pieces: readonly Buffer[], stream = true): Read {
  const request = { kind: "chat", model: "m", prompts: ["a", "b"], maxTokens: 8, stream } as const;
  const client = createLlmClient(request, { path: "", headers: ["host", "h"] }, { seed: 7 });
  const flight = createFlight(0, 0, -5);
  flight.sendMs = 0;
  const answer = openAnswer(client.reader(), flight);
  for (const [at, piece] of pieces.entries()) answer.feed(Buffer.from(piece), at + 1);
  return { outcome: answer.outcome, flight };
}

const head = (type: string): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`;
const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const delta = (d: unknown, index = 0): string => event({ choices: [{ index, delta: d }] });
const role = delta({ role: "assistant", content: "" });
const usage = event({ choices: [], usage: { completion_tokens: 3 } });
const stop = event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
const done = "data: [DONE]\n\n";

/** The head, one piece per event, and the end of the body. */
function stream(events: readonly string[]): Buffer[] {
  const pieces = [head("text/event-stream; charset=utf-8"), ...events.map(chunk), "0\r\n\r\n"];
  return pieces.map((piece) => Buffer.from(piece));
}

/** name -> events, outcome, ms of first and last content (head comes at 1), content events, tokens */
const traps: Record<string, [string[], string, number, number, number, number]> = {
  "role-only and empty first deltas": [
    [role, delta({ content: "" }), delta({ content: "a" }), delta({ content: "b" }), usage, done],
    "ok",
    4,
    5,
    2,
    3,
  ],
  "a usage-only chunk with empty choices": [
    [delta({ content: "a" }), usage, done],
    "ok",
    2,
    2,
    1,
    3,
  ],
  "comments and keep-alives": [
    [": ping\n\n", ":\n\n", delta({ content: "a" }), done],
    "ok",
    4,
    4,
    1,
    -1,
  ],
  "CRLF line ends": [
    [delta({ content: "a" }).replaceAll("\n", "\r\n"), "data: [DONE]\r\n\r\n"],
    "ok",
    2,
    2,
    1,
    -1,
  ],
  "data without a space": [
    [delta({ content: "a" }).replace(": ", ":"), "data:[DONE]\n\n"],
    "ok",
    2,
    2,
    1,
    -1,
  ],
  "reasoning before content": [
    [role, delta({ reasoning_content: "r" }), delta({ content: "a" }), done],
    "ok",
    3,
    4,
    2,
    -1,
  ],
  "content on choice 1 only": [
    [
      event({
        choices: [
          { index: 0, delta: {} },
          { index: 1, delta: { content: "x" } },
        ],
      }),
      done,
    ],
    "ok",
    2,
    2,
    1,
    -1,
  ],
  "tool calls only": [
    [role, delta({ tool_calls: [{ function: { name: "f", arguments: "" } }] }), done],
    "ok",
    3,
    3,
    1,
    -1,
  ],
  "a signature-only delta": [
    [delta({ signature: "s" }), delta({ content: "a" }), done],
    "ok",
    3,
    3,
    1,
    -1,
  ],
  "a refusal": [[delta({ refusal: "no" }), done], "ok", 2, 2, 1, -1],
  "a finish chunk without content": [[delta({ content: "a" }), stop, done], "ok", 2, 2, 1, -1],
  "usage told cumulatively": [
    [
      event({ choices: [{ delta: { content: "a" } }], usage: { completion_tokens: 1 } }),
      event({ choices: [{ delta: { content: "b" } }], usage: { completion_tokens: 2 } }),
      done,
    ],
    "ok",
    2,
    3,
    2,
    2,
  ],
  "an error object after 200": [
    [delta({ content: "a" }), event({ error: { message: "x" } }), done],
    "stream_error",
    2,
    2,
    1,
    -1,
  ],
  "an error event": [
    [`event: error\n${event({ message: "x" })}`, done],
    "stream_error",
    Number.NaN,
    Number.NaN,
    0,
    -1,
  ],
  "no end marker": [[delta({ content: "a" }), stop, usage], "stream_truncated", 2, 2, 1, 3],
  "an event that is not JSON": [
    ["data: {oops\n\n", done],
    "protocol",
    Number.NaN,
    Number.NaN,
    0,
    -1,
  ],
  "an end marker and nothing else": [[done], "protocol", Number.NaN, Number.NaN, 0, -1],
  "usage absent": [[delta({ content: "a" }), delta({ content: "b" }), done], "ok", 2, 3, 2, -1],
};

describe("chat stream", () => {
  for (const [name, [events, outcome, firstMs, lastMs, count, tokens]] of Object.entries(traps)) {
    it(`${name}: ${outcome}, first content told apart from first byte, at every split point`, () => {
      const pieces = stream(events);
      const whole = read(pieces);
      expect(whole.outcome).toBe(outcome);
      expect([whole.flight.firstContentMs, whole.flight.lastContentMs]).toEqual([firstMs, lastMs]);
      expect([whole.flight.contentEvents, whole.flight.tokens]).toEqual([count, tokens]);
      const all = Buffer.concat(pieces);
      for (let at = 1; at < all.length; at++) {
        const split = read([all.subarray(0, at), all.subarray(at)]);
        expect(split.outcome).toBe(outcome);
        expect([split.flight.contentEvents, split.flight.tokens]).toEqual([count, tokens]);
      }
    });
  }

  it("characters split over reads neither break an event nor move its time", () => {
    const all = Buffer.concat(stream([delta({ content: "漢字 🌍" }), done]));
    const single = Array.from(all, (_, i) => all.subarray(i, i + 1));
    expect(read(single)).toMatchObject({ outcome: "ok", flight: { contentEvents: 1 } });
  });

  it("the message is done at its end marker, not when the connection ends it later", () => {
    const pieces = stream([delta({ content: "a" }), done, ": bye\n\n"]);
    expect(read(pieces).flight.doneMs).toBe(3);
  });

  it("events of one read carry one stamp and are counted as bundled", () => {
    const all = Buffer.concat(
      stream(Array.from({ length: 10 }, () => delta({ content: "a" })).concat(done)),
    );
    const { flight } = read([all]);
    expect(flight).toMatchObject({ contentEvents: 10, eventsPerReadMax: 10, firstContentMs: 1 });
    const paced = read(stream([delta({ content: "a" }), delta({ content: "b" }), done]));
    expect(paced.flight.eventsPerReadMax).toBe(1);
  });

  it("a JSON answer to a stream request is a protocol fault", () => {
    const body = JSON.stringify({ choices: [{ message: { content: "a" } }] });
    expect(read([Buffer.from(`${head("application/json")}${chunk(body)}0\r\n\r\n`)]).outcome).toBe(
      "protocol",
    );
  });

  it("an event over 1 MiB is a protocol fault", () => {
    expect(read(stream([delta({ content: "a".repeat(1_100_000) }), done])).outcome).toBe(
      "protocol",
    );
  });

  it("a refused request has the class of its status", () => {
    const answer = (status: number): Buffer[] => [
      Buffer.from(`HTTP/1.1 ${status} X\r\ncontent-length: 0\r\n\r\n`),
    ];
    const classes = [429, 401, 404, 503, 500, 302].map((status) => read(answer(status)).outcome);
    expect(classes).toEqual([
      "status_429",
      "status_4xx",
      "status_4xx",
      "status_503",
      "status_5xx",
      "check",
    ]);
  });
});

describe("chat body", () => {
  const body = (value: unknown): Buffer[] => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return [Buffer.from(`${head("application/json")}${chunk(text)}0\r\n\r\n`)];
  };

  it("a completion with a message is ok, its first token unknown and never its total time", () => {
    const answer = { choices: [{ message: { content: "a" } }], usage: { completion_tokens: 4 } };
    const { outcome, flight } = read(body(answer), false);
    expect(outcome).toBe("ok");
    expect(flight).toMatchObject({ tokens: 4, firstContentMs: Number.NaN, lastContentMs: 1 });
  });

  it("200 with an error body, no choices, half a body or no JSON is a protocol fault", () => {
    const lies = [{ error: { message: "x" } }, { choices: [] }, { choices: [{}] }, "", "ok", "[1]"];
    for (const lie of lies) expect(read(body(lie), false).outcome).toBe("protocol");
  });
});

describe("chat request", () => {
  const request = { kind: "chat", model: "m", maxTokens: 8, stream: true } as const;
  const text = (client: ReturnType<typeof createLlmClient>, index: number): string =>
    client.bytes(index).toString();

  it("prompts are picked by seed and index, the same for every sender", () => {
    const prompts = ["a", "b", "c", "d"];
    const make = (seed: number) =>
      createLlmClient({ ...request, prompts }, { path: "", headers: [] }, { seed });
    const pick = (seed: number): string[] =>
      Array.from({ length: 40 }, (_, i) => text(make(seed), i));
    expect(pick(7)).toEqual(pick(7));
    expect(pick(7)).not.toEqual(pick(8));
    expect(new Set(pick(7)).size).toBe(4);
  });

  it("a base path ending in /v1 is not doubled, usage is asked for", () => {
    const messages = [{ role: "user", content: "hi" }];
    const at = (path: string): string =>
      text(createLlmClient({ ...request, messages }, { path, headers: [] }, { seed: 1 }), 0);
    expect(at("/v1")).toMatch(/^POST \/v1\/chat\/completions HTTP/);
    expect(at("/api")).toMatch(/^POST \/api\/v1\/chat\/completions HTTP/);
    expect(at("")).toContain('"stream_options":{"include_usage":true}');
  });
});
