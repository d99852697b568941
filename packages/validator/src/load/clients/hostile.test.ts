import { createServer, type Socket } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { serveOnLoopback } from "../../../../testkit/src/listen.ts";
import type { LoadOutcome } from "../engine/flight.ts";
import { runLoad } from "../run-load.ts";
import type { LoadPlan, LoadRecord } from "../types.ts";
import type { LoadClient } from "./client.ts";
import { createContext, dueNow } from "./context.fixture.ts";
import { createHttpClient } from "./http.ts";
import { createLlmClient } from "./llm/llm-client.ts";
import { McpClient } from "./mcp/mcp-client.ts";

const base = { path: "", headers: ["host", "h"] };
const get = createHttpClient({ kind: "http", method: "GET", path: "/" }, base);
const ask = { model: "m", prompts: ["a"], maxTokens: 8 } as const;
const stream = createLlmClient({ kind: "chat", ...ask, stream: true }, base, { seed: 1 });
const whole = createLlmClient({ kind: "chat", ...ask, stream: false }, base, { seed: 1 });

/** Answers every request with these bytes, then perhaps ends its side. */
async function serve(bytes: Buffer | string, end: "keep" | "end" | "destroy" | "trickle" = "keep") {
  const clock = systemClock();
  const trickle = (socket: Socket): void => {
    if (socket.destroyed) return;
    socket.write(chunk("a"));
    clock.after(50, () => trickle(socket));
  };
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    socket.on("data", () => {
      socket.write(bytes, () => {
        if (end === "end") socket.end();
        else if (end === "destroy") socket.destroy();
        else if (end === "trickle") trickle(socket);
      });
    });
  });
  return await serveOnLoopback(server);
}

const ok = "HTTP/1.1 200 OK\r\n";
const chunked = `${ok}transfer-encoding: chunked\r\n\r\n`;
const events = `${ok}content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n`;
const chunk = (data: Buffer | string): Buffer => {
  const bytes = Buffer.from(data);
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from("\r\n"),
  ]);
};
const json = (body: Buffer | string): Buffer => {
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from(`${ok}content-length: ${bytes.length}\r\n\r\n`), bytes]);
};
const badText = Buffer.concat([
  Buffer.from('data: {"choices":[{"delta":{"content":"'),
  Buffer.from([0xc3, 0x28]),
  Buffer.from('"}}]}\n\n'),
]);
const done = "data: [DONE]\n\n";
const goodText = 'data: {"choices":[{"delta":{"content":"\ufffd"}}]}\n\n';
const deep = "[".repeat(100_000) + "]".repeat(100_000);

type Row = [bytes: Buffer | string, end: "keep" | "end" | "destroy", outcome: LoadOutcome];

/** What a target may send to a plain request. */
const plain: Record<string, Row> = {
  "a chunk longer than its size": [`${chunked}3\r\nabcd\r\n0\r\n\r\n`, "keep", "protocol"],
  "a chunk shorter than its size, then the end": [
    `${chunked}ff\r\nabc\r\n0\r\n\r\n`,
    "end",
    "reset",
  ],
  "a chunk size that is no number": [`${chunked}xyz\r\n`, "keep", "protocol"],
  "a negative chunk size": [`${chunked}-1\r\na\r\n`, "keep", "protocol"],
  "a chunk size beyond all numbers": [`${chunked}${"f".repeat(17)}\r\n`, "keep", "protocol"],
  "a chunk extension without end": [`${chunked}1;${"x".repeat(2000)}`, "keep", "protocol"],
  "a head of 60 KiB": [`${ok}x: ${"y".repeat(60_000)}\r\ncontent-length: 0\r\n\r\n`, "keep", "ok"],
  "a head over 64 KiB": [`${ok}x: ${"y".repeat(70_000)}\r\n\r\n`, "keep", "protocol"],
  "a head of 1 MiB without end": [`${ok}x: ${"y".repeat(1_048_576)}`, "keep", "protocol"],
  "100,000 header lines": [`${ok}${"a: b\r\n".repeat(100_000)}\r\n`, "keep", "protocol"],
  "invalid UTF-8 in a header": [
    Buffer.concat([
      Buffer.from(`${ok}x: `),
      Buffer.from([0xff, 0xfe]),
      Buffer.from("\r\ncontent-length: 0\r\n\r\n"),
    ]),
    "keep",
    "ok",
  ],
  "a NUL in a header": [`${ok}x: a\0b\r\ncontent-length: 0\r\n\r\n`, "keep", "protocol"],
  "a bare LF": ["HTTP/1.1 200 OK\ncontent-length: 0\n\n", "keep", "protocol"],
  "the end inside the head": [`${ok}content-le`, "end", "reset"],
  "the end inside the body": [`${ok}content-length: 10\r\n\r\nabc`, "end", "reset"],
  "a reset inside the body": [`${ok}content-length: 10\r\n\r\nabc`, "destroy", "reset"],
  "the end inside a chunk": [`${chunked}a\r\nabc`, "end", "reset"],
  "the end between chunks": [`${chunked}3\r\nabc\r\n`, "end", "reset"],
  "the end in place of an answer": ["", "end", "reset"],
  "a body until the end of the connection": [`${ok}\r\nabc`, "end", "ok"],
  "1xx heads first": [
    `HTTP/1.1 100 X\r\n\r\nHTTP/1.1 103 X\r\na: b\r\n\r\n${chunked}0\r\n\r\n`,
    "keep",
    "ok",
  ],
  "1xx heads without end": ["HTTP/1.1 100 X\r\n\r\n".repeat(20), "keep", "protocol"],
  "101 that nobody asked for": ["HTTP/1.1 101 X\r\nupgrade: h2c\r\n\r\n", "keep", "protocol"],
  trailers: [`${chunked}0\r\nx-sum: 1\r\n\r\n`, "keep", "ok"],
  "trailers that frame": [`${chunked}0\r\ncontent-length: 9\r\n\r\n`, "keep", "protocol"],
  "trailers over 64 KiB": [`${chunked}0\r\nx: ${"y".repeat(70_000)}\r\n\r\n`, "keep", "protocol"],
  "two lengths": [`${ok}content-length: 1\r\ncontent-length: 2\r\n\r\nab`, "keep", "protocol"],
  "a length beyond all numbers": [
    `${ok}content-length: 99999999999999999999\r\n\r\n`,
    "keep",
    "protocol",
  ],
  "a negative length": [`${ok}content-length: -1\r\n\r\n`, "keep", "protocol"],
  "204 with a body": ["HTTP/1.1 204 X\r\n\r\nbody", "keep", "protocol"],
  "a redirect to a page of login, which nobody follows": [
    "HTTP/1.1 302 Found\r\nlocation: /login\r\ncontent-length: 0\r\n\r\n",
    "keep",
    "check",
  ],
  "a 304 to a request without a condition": ["HTTP/1.1 304 X\r\n\r\n", "keep", "check"],
  "two answers to one request": [
    `${json("{}").toString()}${json("{}").toString()}`,
    "keep",
    "protocol",
  ],
  "no HTTP": ["SSH-2.0-OpenSSH_9.9\r\n\r\n", "keep", "protocol"],
  "an answer of HTTP/0.9": ["<html></html>\r\n\r\n", "end", "protocol"],
};

const answered: Record<string, [client: LoadClient, ...Row]> = {
  "a stream with text that is not UTF-8": [
    stream,
    Buffer.concat([Buffer.from(events), chunk(badText), chunk(done), Buffer.from("0\r\n\r\n")]),
    "keep",
    "protocol",
  ],
  "a stream with a replacement character of the model's own": [
    stream,
    Buffer.concat([Buffer.from(events), chunk(goodText), chunk(done), Buffer.from("0\r\n\r\n")]),
    "keep",
    "ok",
  ],
  "a stream of one event without end": [
    stream,
    Buffer.concat([Buffer.from(events), chunk(`data: ${"x".repeat(1_200_000)}`)]),
    "end",
    "reset",
  ],
  "an event nested 100,000 deep before a word": [
    stream,
    Buffer.concat([
      Buffer.from(events),
      chunk(`data: {"choices":[{"delta":{"content":${deep}}}]}\n\n`),
      chunk(goodText),
      chunk(done),
      Buffer.from("0\r\n\r\n"),
    ]),
    "keep",
    "ok",
  ],
  "a body that is not UTF-8": [whole, json(Buffer.from([0x7b, 0xff, 0x7d])), "keep", "protocol"],
  "a body nested 100,000 deep": [whole, json(`{"choices":${deep}}`), "keep", "protocol"],
  "a body over 1 MiB": [whole, json(`{"x":"${"y".repeat(1_100_000)}"}`), "keep", "protocol"],
  "a compressed body": [
    whole,
    json(Buffer.from("1f8b0800000000000003", "hex")),
    "keep",
    "protocol",
  ],
};

const send = async (url: string, client: LoadClient): Promise<[LoadOutcome, number]> => {
  await using context = createContext(url);
  const outcome = await new Promise<LoadOutcome>((resolve) => {
    context.send({ ...dueNow(), client, answered: (_flight, end) => resolve(end) });
  });
  return [outcome, context.ended.length];
};

describe("targets that break HTTP", () => {
  for (const [name, [bytes, end, outcome]] of Object.entries(plain)) {
    it(`${name} is ${outcome}, once`, async () => {
      await using server = await serve(bytes, end);
      expect(await send(server.url, get)).toEqual([outcome, 1]);
    });
  }

  for (const [name, [client, bytes, end, outcome]] of Object.entries(answered)) {
    it(`${name} is ${outcome}, once`, async () => {
      await using server = await serve(bytes, end);
      expect(await send(server.url, client)).toEqual([outcome, 1]);
    });
  }

  // Beside the time that is to end a call no other is near, also on a machine that stands.
  const long = { firstByteMs: 20_000, idleMs: 20_000, totalMs: 40_000 };
  const timesOf: Readonly<Record<string, LoadPlan["timeouts"]>> = {
    timeout_first_byte: { ...long, firstByteMs: 300 },
    timeout_idle: { ...long, idleMs: 300 },
    timeout_total: { ...long, totalMs: 300 },
  };
  const hung: Record<string, [bytes: string, outcome: LoadOutcome]> = {
    "a target that accepts and says nothing": ["", "timeout_first_byte"],
    "half a head and then nothing": [`${ok}content-`, "timeout_idle"],
    "half a body and then nothing": [`${ok}content-length: 9\r\n\r\nabc`, "timeout_idle"],
    "a body that trickles and never ends": [`${chunked}1\r\na\r\n`, "timeout_total"],
  };
  for (const [name, [bytes, outcome]] of Object.entries(hung)) {
    it(`${name} is ${outcome}, not a wait without end`, async () => {
      await using server = await serve(bytes, outcome === "timeout_total" ? "trickle" : "keep");
      const clock = systemClock();
      const records: LoadRecord[] = [];
      const plan: LoadPlan = {
        target: { baseUrl: server.url },
        seed: 1,
        scenarios: {
          s: {
            executor: "shared-iterations",
            vus: 1,
            iterations: 1,
            maxDurationMs: 5000,
            request: { kind: "http", method: "GET", path: "/" },
          },
        },
        limits: [],
        timeouts: timesOf[outcome] ?? {},
      };
      for await (const record of runLoad(plan, { clock, engine: "inline", pacing: "timer" })) {
        records.push(record);
      }
      const ended = records.at(-1);
      expect(ended?.type === "load.ended" && ended.accounts[0]?.bad).toEqual({ [outcome]: 1 });
    });
  }

  it("an MCP reply that is not UTF-8, or nested 100,000 deep, is counted and throws nothing", async () => {
    const replies: [Buffer, LoadOutcome][] = [
      [json(Buffer.from('{"jsonrpc":"2.0","id":1,"result":{"x":"\xff"}}', "latin1")), "protocol"],
      [json(`{"jsonrpc":"2.0","id":1,"result":{"content":${deep}}}`), "ok"],
      [json(`{"jsonrpc":"2.0","id":2,"result":{}}`), "protocol"],
      [json(deep), "protocol"],
    ];
    for (const [bytes, outcome] of replies) {
      await using server = await serve(bytes);
      await using context = createContext(server.url);
      const client = new McpClient({ version: "2026-07-28" }, context);
      const end = await new Promise((resolve) => {
        client.list(dueNow(), (answer) => resolve(answer.outcome));
      });
      expect(end).toBe(outcome);
    }
  });
});
