import { connect, createServer, type Server, type Socket } from "node:net";
import { systemClock, TestClock } from "@loadline/kit/clock";
import { afterEach, describe, expect, it } from "vitest";
import { freePort } from "../../../testkit/src/free-port.ts";
import { listenOnLoopback } from "../../../testkit/src/listen.ts";
import {
  createHttp1Pool,
  EncodedHeaders,
  encodeRequest,
  type Http1Call,
  type Http1Pool,
  type Http1PoolOptions,
} from "./index.ts";

interface Fixture {
  port: number;
  sockets: Socket[];
  requests: string[];
}

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A raw server: `answer` gets each read and the connection's ordinal. */
async function serve(
  answer: (socket: Socket, text: string, ordinal: number) => void,
): Promise<Fixture> {
  const fixture: Fixture = { port: 0, sockets: [], requests: [] };
  const server: Server = createServer((socket) => {
    const ordinal = fixture.sockets.push(socket);
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      fixture.requests.push(chunk.toString("latin1"));
      answer(socket, chunk.toString("latin1"), ordinal);
    });
  });
  fixture.port = await listenOnLoopback(server);
  cleanups.push(() => {
    for (const socket of fixture.sockets) socket.destroy();
    server.close();
  });
  return fixture;
}

function poolTo(port: number, o: Partial<Http1PoolOptions> = {}): Http1Pool {
  const pool = createHttp1Pool({
    connect: () => connect(port, "127.0.0.1"),
    connectionsMax: 4,
    queueMax: 4,
    queueWaitMs: 1000,
    connectTimeoutMs: 2000,
    idleMs: 4000,
    clock: systemClock(),
    ...o,
  });
  cleanups.push(() => pool.close());
  return pool;
}

interface Answer {
  status: number;
  body: string;
  outcome: string;
}

function get(
  pool: Http1Pool,
  path = "/",
): { answer: Promise<Answer>; call: Http1Call; abort: () => void } {
  const seen: Answer = { status: 0, body: "", outcome: "" };
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const finish = (outcome: string): void => {
    expect(seen.outcome).toBe("");
    seen.outcome = outcome;
    resolve(seen);
  };
  const call = pool.request(
    { method: "GET", path, headers: ["host", "h"] },
    {
      head: (status) => void (seen.status = status),
      data: (chunk) => void (seen.body += chunk.toString()),
      end: () => finish("end"),
      fail: (code) => finish(code),
    },
  );
  return { answer: promise, call, abort: () => call.abort() };
}

const ok = (body: string): string =>
  `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

describe("http1 pool", () => {
  it("sequential requests share one connection and answers never cross", async () => {
    const server = await serve((socket, text) => socket.write(ok(text.split(" ")[1] ?? "")));
    const pool = poolTo(server.port);
    for (let i = 0; i < 10_000; i++) {
      expect(await get(pool, `/${i}`).answer).toEqual({
        status: 200,
        body: `/${i}`,
        outcome: "end",
      });
    }
    expect(server.sockets).toHaveLength(1);
  }, 60_000);

  it("parallel requests open at most connectionsMax, the rest wait, one over the queue fails", async () => {
    const held: (() => void)[] = [];
    const server = await serve((socket) => void held.push(() => socket.write(ok("x"))));
    const pool = poolTo(server.port, { connectionsMax: 2, queueMax: 2 });
    const all = Array.from({ length: 5 }, () => get(pool).answer);
    expect(await all[4]).toMatchObject({ outcome: "queue_full" });
    expect([pool.open, pool.queued]).toEqual([2, 2]);
    let answered = 0;
    while (answered < 4) {
      const next = held.shift();
      if (next) {
        next();
        answered++;
      } else await new Promise(setImmediate);
    }
    const outcomes = (await Promise.all(all)).map((a) => a.outcome);
    expect(outcomes).toEqual(["end", "end", "end", "end", "queue_full"]);
    expect(server.sockets).toHaveLength(2);
  });

  it("a request waits for a connection at most queueWaitMs", async () => {
    const server = await serve(() => {});
    const clock = new TestClock();
    const pool = poolTo(server.port, { connectionsMax: 1, clock });
    const first = get(pool);
    const second = get(pool);
    clock.advance(999);
    expect(pool.queued).toBe(1);
    clock.advance(1);
    expect(await second.answer).toMatchObject({ outcome: "queue_timeout" });
    first.abort();
    expect(await first.answer).toMatchObject({ outcome: "aborted" });
  });

  it("a closed port is a connect fault", async () => {
    expect(await get(poolTo(await freePort())).answer).toMatchObject({ outcome: "connect" });
  });

  it("a connection that does not stand in time is a connect_timeout", async () => {
    const clock = new TestClock();
    const server = await serve(() => {});
    const pool = poolTo(server.port, { clock });
    const { answer } = get(pool);
    clock.advance(2000);
    expect(await answer).toMatchObject({ outcome: "connect_timeout" });
    expect(pool.open).toBe(0);
  });

  it("a reused connection that was dead is stale, or sent once more when asked for", async () => {
    for (const retryStale of [false, true]) {
      const server = await serve((socket, text, ordinal) => {
        if (ordinal === 1 && text.startsWith("GET /second")) socket.destroy();
        else socket.write(ok("x"));
      });
      const pool = poolTo(server.port, { retryStale });
      const first = get(pool, "/first");
      await first.answer;
      const second = get(pool, "/second");
      expect((await second.answer).outcome).toBe(retryStale ? "end" : "stale");
      expect([first.call.retried, second.call.retried]).toEqual([false, retryStale]);
      expect(server.sockets).toHaveLength(retryStale ? 2 : 1);
    }
  });

  it("a fresh connection that dies before a byte is a reset and never sent again", async () => {
    const server = await serve((socket) => socket.destroy());
    const { outcome } = await get(poolTo(server.port, { retryStale: true })).answer;
    expect(outcome).toBe("reset");
    expect(server.requests).toHaveLength(1);
  });

  it("an answer cut in its body is a reset", async () => {
    const server = await serve((socket) =>
      socket.end("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab"),
    );
    expect(await get(poolTo(server.port)).answer).toEqual({
      status: 200,
      body: "ab",
      outcome: "reset",
    });
  });

  it("a framing fault destroys the connection", async () => {
    const server = await serve((socket) => socket.write(`${ok("x")}HTTP/1.1 200 OK\r\n`));
    const pool = poolTo(server.port);
    expect(await get(pool).answer).toMatchObject({ outcome: "protocol" });
    expect(pool.open).toBe(0);
  });

  it("an abort frees the place for a waiting request, and fails only once", async () => {
    const server = await serve((socket, text) => {
      if (text.startsWith("GET /b")) socket.write(ok("b"));
    });
    const pool = poolTo(server.port, { connectionsMax: 1 });
    const first = get(pool, "/a");
    const second = get(pool, "/b");
    first.abort();
    first.abort();
    expect(await first.answer).toMatchObject({ outcome: "aborted" });
    expect(await second.answer).toMatchObject({ body: "b", outcome: "end" });
  });

  it("idle connections are closed after idleMs, or a second before the server would", async () => {
    for (const hint of ["", "keep-alive: timeout=3\r\n"]) {
      const server = await serve((socket) =>
        socket.write(`HTTP/1.1 200 OK\r\n${hint}content-length: 0\r\n\r\n`),
      );
      const clock = new TestClock();
      const pool = poolTo(server.port, { clock });
      await get(pool).answer;
      clock.advance(hint === "" ? 3998 : 1998);
      expect(pool.open).toBe(1);
      clock.advance(4);
      expect(pool.open).toBe(0);
    }
  });

  it("close fails what is under way or waiting, and what comes later", async () => {
    const server = await serve(() => {});
    const pool = poolTo(server.port, { connectionsMax: 1 });
    const answers = [get(pool).answer, get(pool).answer];
    pool.close();
    answers.push(get(pool).answer);
    for (const answer of answers) expect(await answer).toMatchObject({ outcome: "aborted" });
    expect(pool.open).toBe(0);
  });

  it("a paused call delivers nothing until it is resumed", async () => {
    const server = await serve((socket) => socket.write(ok("x".repeat(100))));
    const pool = poolTo(server.port);
    let outcome = "";
    const { promise, resolve } = Promise.withResolvers<void>();
    const call = pool.request(
      { method: "GET", path: "/", headers: [] },
      {
        head: () => call.pause(),
        data: () => {},
        end: () => {
          outcome = "end";
          resolve();
        },
        fail: (code) => void (outcome = code),
      },
    );
    call.resume();
    await promise;
    expect(outcome).toBe("end");
  });
});

describe("encodeRequest", () => {
  it("headers encoded before give the bytes of the list, and are refused as it is", () => {
    const list = ["host", "a", "x-b", "c", "content-length", "9"];
    const request = { method: "POST", path: "/", body: Buffer.from("hi") };
    const once = encodeRequest({ ...request, headers: new EncodedHeaders(list) });
    expect(once).toEqual(encodeRequest({ ...request, headers: list }));
    expect(once.toString()).not.toContain("9");
    expect(() => new EncodedHeaders(["x-a", "1\r\nx-b: 2"])).toThrow("malformed header");
  });

  it("writes the head in order and the length from the body, never from the caller", () => {
    const bytes = encodeRequest({
      method: "POST",
      path: "/v1?a=b",
      headers: ["host", "h", "Content-Length", "99", "transfer-encoding", "chunked", "x", "1"],
      body: Buffer.from("é"),
    });
    expect(bytes.toString("latin1")).toBe(
      "POST /v1?a=b HTTP/1.1\r\nhost: h\r\nx: 1\r\ncontent-length: 2\r\n\r\n\u00c3\u00a9",
    );
  });

  it("a value that would break out of its line is LL_HTTP1_REQUEST", () => {
    const make = (path: string, name: string, value: string) => () =>
      encodeRequest({ method: "GET", path, headers: [name, value] });
    for (const bad of [
      make("/a b", "x", "1"),
      make("/a\r\nb", "x", "1"),
      make("/", "x", "1\r\ny: 2"),
      make("/", "x:", "1"),
      make("/", "x", "\u20ac"),
    ]) {
      expect(bad).toThrow(expect.objectContaining({ code: "LL_HTTP1_REQUEST" }));
    }
  });
});
