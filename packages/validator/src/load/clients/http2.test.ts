import { createSecureServer, createServer, type ServerHttp2Stream } from "node:http2";
import { createServer as createTcpServer } from "node:net";
import { systemClock, TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { serveOnLoopback } from "../../../../testkit/src/listen.ts";
import { selfSigned } from "../../../../testkit/src/self-signed/index.ts";
import type { Flight, LoadOutcome } from "../engine/flight.ts";
import type { LoadClient } from "./client.ts";
import { createContext, dueNow, type RecordingContext } from "./context.fixture.ts";
import { createHttpClient } from "./http.ts";
import { requestOf } from "./http2-request.ts";
import { Http2Sender } from "./http2.ts";
import { createLlmClient } from "./llm/llm-client.ts";

type OnStream = (stream: ServerHttp2Stream, path: string) => void;

async function serve(answer: OnStream, settings = {}) {
  const server = createServer({ settings });
  let count = 0;
  server.on("session", () => void count++);
  server.on("sessionError", () => undefined);
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    answer(stream, String(headers[":path"]));
  });
  return { ...(await serveOnLoopback(server)), sessions: () => count };
}

const base = { path: "", headers: ["host", "h", "user-agent", "loadline"] };
const get = createHttpClient({ kind: "http", method: "GET", path: "/x?y=1" }, base);

const ask = (sender: Http2Sender, client: LoadClient, index = 0) =>
  new Promise<{ flight: Flight; outcome: LoadOutcome }>((resolve) =>
    sender.send({
      ...dueNow(index),
      client,
      answered: (flight, outcome) => resolve({ flight, outcome }),
    }),
  );

const balances = (context: RecordingContext): void => {
  expect(context.ended).toHaveLength(context.opened());
};

describe("HTTP/2", () => {
  it("requests share connections, their stamps in order, the flight knows its client at the end", async () => {
    await using server = await serve((stream, path) => {
      stream.respond({ ":status": 200, "x-path": path });
      stream.end("ok");
    });
    await using context = createContext(server.url);
    const sender = new Http2Sender(context);
    const ends = await Promise.all(Array.from({ length: 250 }, (_, i) => ask(sender, get, i)));
    expect(ends.every((one) => one.outcome === "ok" && one.flight.client === get)).toBe(true);
    expect(server.sessions()).toBe(3);
    const { flight } = ends[0] ?? { flight: undefined };
    expect(flight?.status).toBe(200);
    expect(flight?.firstByteMs).toBeGreaterThanOrEqual(flight?.sendMs ?? Number.NaN);
    expect(flight?.doneMs).toBeGreaterThanOrEqual(flight?.firstByteMs ?? Number.NaN);
    sender.close();
    balances(context);
  });

  it("a server that allows few streams gets more connections, never more streams", async () => {
    let [now, most] = [0, 0];
    await using server = await serve(
      (stream) => {
        most = Math.max(most, ++now);
        stream.on("close", () => now--);
        stream.respond({ ":status": 204 }, { endStream: true });
      },
      { maxConcurrentStreams: 2 },
    );
    await using context = createContext(server.url);
    const sender = new Http2Sender(context);
    // The first answer brings the server's settings.
    await ask(sender, get);
    const ends = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(sender, get, i)));
    expect(ends.every((one) => one.outcome === "ok")).toBe(true);
    sender.close();
    balances(context);
  });

  it("a stream of events is read as over HTTP/1.1: content, usage, end marker", async () => {
    const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
    await using server = await serve((stream) => {
      stream.respond({ ":status": 200, "content-type": "text/event-stream" });
      stream.write(event({ choices: [{ delta: { role: "assistant" } }] }));
      stream.write(event({ choices: [{ delta: { content: "a" } }] }));
      stream.end(`${event({ choices: [], usage: { completion_tokens: 3 } })}data: [DONE]\n\n`);
    });
    await using context = createContext(server.url);
    const sender = new Http2Sender(context);
    const chat = { kind: "chat", model: "m", prompts: ["a"], maxTokens: 8, stream: true } as const;
    const { outcome, flight } = await ask(sender, createLlmClient(chat, base, { seed: 1 }));
    expect([outcome, flight.tokens, flight.contentEvents]).toEqual(["ok", 3, 1]);
    sender.close();
  });

  it("each fault of the target has its one outcome", async () => {
    await using server = await serve((stream, path) => {
      if (path === "/429") stream.respond({ ":status": 429 }, { endStream: true });
      else if (path === "/reset") stream.close(2);
      else if (path === "/goaway") {
        stream.session?.goaway(0);
        stream.respond({ ":status": 200 }, { endStream: true });
      } else if (path === "/cut") {
        stream.respond({ ":status": 200 });
        stream.write("half", () => void stream.destroy(new Error("cut")));
      } else stream.session?.destroy();
    });
    await using context = createContext(server.url);
    const sender = new Http2Sender(context);
    const ends: LoadOutcome[] = [];
    for (const path of ["/429", "/reset", "/cut", "/die", "/goaway", "/429"]) {
      const client = createHttpClient({ kind: "http", method: "GET", path }, base);
      ends.push((await ask(sender, client)).outcome);
    }
    expect(ends).toEqual(["status_429", "reset", "reset", "reset", "ok", "status_429"]);
    sender.close();
    balances(context);
  });

  const frame = (type: number, flags: number, payload: Buffer): Buffer => {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    // Settings are the connection's, the rest is of stream 1.
    head.writeUInt32BE(type === 4 ? 0 : 1, 5);
    return Buffer.concat([head, payload]);
  };
  const settings = frame(4, 0, Buffer.alloc(0));
  // `:status: 200` from the static table, then perhaps `content-length: 9`.
  const headers = (length: boolean): Buffer =>
    frame(1, 4, Buffer.from(length ? "880f0d0139" : "88", "hex"));
  const data = frame(0, 0, Buffer.from("half"));
  const reset = (code: number): Buffer => frame(3, 0, Buffer.from([0, 0, 0, code]));
  const ends: Record<string, [frames: Buffer[], outcome: LoadOutcome]> = {
    "a reset with an error": [[headers(false), data, reset(2)], "reset"],
    "a reset that cancels": [[headers(false), data, reset(8)], "reset"],
    "a reset without error before the length told": [[headers(true), data, reset(0)], "reset"],
    "an end before the length told": [[headers(true), frame(0, 1, Buffer.from("half"))], "reset"],
    "an end at the length told": [[headers(true), frame(0, 1, Buffer.from("half a kg"))], "ok"],
    "an end without a length": [[headers(false), frame(0, 1, Buffer.from("half"))], "ok"],
    "frames of no stream": [
      [frame(0xff, 0xff, Buffer.alloc(3)), frame(6, 0, Buffer.alloc(3))],
      "protocol",
    ],
  };
  it.each(Object.entries(ends))("%s", async (_name, [frames, outcome]) => {
    await using server = await serveOnLoopback(
      createTcpServer((socket) => {
        socket.on("error", () => undefined);
        socket.once("data", () => void socket.write(settings));
        let asked = false;
        socket.on("data", (chunk: Buffer) => {
          // The client's HEADERS frame.
          if (asked || !chunk.includes(Buffer.from([1, 5, 0, 0, 0, 1]))) return;
          asked = true;
          socket.write(Buffer.concat(frames));
        });
      }),
    );
    await using context = createContext(server.url);
    const sender = new Http2Sender(context);
    expect((await ask(sender, get)).outcome).toBe(outcome);
    sender.close();
    balances(context);
  });

  it("over TLS a certificate nobody vouches for is tls, unless any is taken", async () => {
    const server = createSecureServer(selfSigned(), (_request, response) => response.end("ok"));
    server.on("sessionError", () => undefined);
    await using listening = await serveOnLoopback(server);
    const url = listening.url.replace("http:", "https:");
    await using strict = createContext(url);
    expect((await ask(new Http2Sender(strict), get)).outcome).toBe("tls");
    await using lax = createContext(url, systemClock(), { insecure: true });
    const sender = new Http2Sender(lax);
    expect((await ask(sender, get)).outcome).toBe("ok");
    sender.close();
  });

  it("a dead port is connect, a server of HTTP/1.1 is protocol, one that hangs is a timeout", async () => {
    await using dead = createContext("http://127.0.0.1:9");
    expect((await ask(new Http2Sender(dead), get)).outcome).toBe("connect");
    await using old = await serveOnLoopback(
      createTcpServer((socket) => {
        socket.on("error", () => undefined);
        socket.once("data", () => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
      }),
    );
    await using context = createContext(old.url);
    expect((await ask(new Http2Sender(context), get)).outcome).toBe("protocol");
    await using silent = await serve(() => undefined);
    await using hung = createContext(silent.url);
    const sender = new Http2Sender(hung);
    expect((await ask(sender, { ...get, firstByteMs: 100 })).outcome).toBe("timeout_first_byte");
    sender.close();
    balances(hung);
  });

  it("what the run ended is not answered again", async () => {
    await using server = await serve(() => undefined);
    await using context = createContext(server.url, new TestClock());
    const sender = new Http2Sender(context);
    let answers = 0;
    sender.send({ ...dueNow(), client: get, answered: () => void answers++ });
    const flight = context.begun[0];
    if (flight !== undefined) context.finish(flight, "unfinished");
    sender.close();
    expect(answers).toBe(0);
    expect(context.ended.map(([, outcome]) => outcome)).toEqual(["unfinished"]);
  });
});

describe("requests of HTTP/1.1 as HTTP/2", () => {
  it("the host becomes the authority, fields of the connection go, repeated ones stay, the body is untouched", () => {
    const bytes = Buffer.from(
      "POST /a?b HTTP/1.1\r\nhost: h:1\r\nconnection: close\r\nx-a: 1\r\nX-A: 2\r\ncontent-length: 4\r\n\r\n\r\n\r\n",
    );
    const { headers, body } = requestOf(bytes, new URL("https://t:2/base"));
    expect(headers).toEqual({
      ":method": "POST",
      ":path": "/a?b",
      ":scheme": "https",
      ":authority": "t:2",
      "x-a": ["1", "2"],
      "content-length": "4",
    });
    expect(body.toString()).toBe("\r\n\r\n");
  });
});
