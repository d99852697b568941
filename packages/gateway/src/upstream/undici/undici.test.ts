import { createServer as createPlain, type IncomingMessage } from "node:http";
import {
  createSecureServer,
  createServer as createClear,
  type ServerHttp2Stream,
} from "node:http2";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { systemClock } from "@loadline/kit/clock";
import { eventually, listenOnLoopback } from "@loadline/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAuthority } from "../../../../testkit/src/authority/index.ts";
import { ask, asked, ok, openUndici, serveRaw } from "../upstream.fixture.ts";

const clock = systemClock();
const event = (n: number): string => `data: {"n":${n},"text":"${"word ".repeat(40)}"}\n\n`;

/** The head of an answer in a coding, and its bytes in chunks of `size`. */
function coded(coding: string, bytes: Buffer, size: number): Buffer {
  const head = `HTTP/1.1 200 OK\r\ncontent-encoding: ${coding}\r\ntransfer-encoding: chunked\r\n\r\n`;
  const parts: Buffer[] = [Buffer.from(head)];
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"));
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
}

const codings = [
  ["gzip", gzipSync],
  ["deflate", deflateSync],
  ["br", brotliCompressSync],
] as const;

describe("a compressed answer", () => {
  it.each(codings)("in %s is what was compressed, however it is cut", async (coding, compress) => {
    const text = Array.from({ length: 200 }, (_, n) => event(n)).join("");
    for (const size of [7, 1_000_000]) {
      const bytes = coded(coding, compress(Buffer.from(text)), size);
      await using server = await serveRaw((socket) => void socket.write(bytes));
      const upstream = openUndici(server.port, { compression: true });
      const heard = await asked(upstream, { isStream: true });
      expect([heard.outcome, heard.body, heard.late]).toEqual(["end", text, 0]);
      expect(heard.headerOf("content-encoding")).toBeUndefined();
      expect(server.reads.join("")).toMatch(/accept-encoding: gzip, deflate, br\r\n/i);
      await upstream.close();
    }
  });

  it("has no length of its own any more, and one that is not compressed keeps it", async () => {
    const bytes = gzipSync("abc");
    await using server = await serveRaw((socket, _text, ordinal) => {
      socket.write(
        `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bytes.length}\r\n\r\n`,
      );
      socket.write(bytes);
      if (ordinal > 1) throw new Error("one connection is enough");
    });
    const upstream = openUndici(server.port, { compression: true });
    const heard = await asked(upstream);
    expect([heard.body, heard.headerOf("content-length")]).toEqual(["abc", undefined]);
    await upstream.close();
    await using plain = await serveRaw((socket) => void socket.write(ok("abc")));
    const other = openUndici(plain.port, { compression: true });
    expect((await asked(other)).headerOf("content-length")).toBe("3");
    await other.close();
  });

  it("that broke off gives all that could be read of it, then its fault", async () => {
    const bytes = gzipSync(event(1) + event(2), { finishFlush: 2 });
    await using server = await serveRaw((socket) => {
      socket.write(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n",
      );
      socket.write(`${bytes.length.toString(16)}\r\n`);
      socket.write(bytes);
      socket.end("\r\n");
    });
    const upstream = openUndici(server.port, { compression: true });
    const heard = await asked(upstream);
    expect([heard.body, heard.outcome, heard.late]).toEqual([event(1) + event(2), "reset", 0]);
    await upstream.close();
  });

  it.each([
    ["that is cut within its framing", coded("gzip", gzipSync(event(1)).subarray(0, -9), 100)],
    ["that is not in its coding", coded("gzip", Buffer.from("plain words"), 100)],
    ["in a coding nobody asked for", coded("compress", Buffer.from("x"), 100)],
    ["in two codings", coded("gzip, br", Buffer.from("x"), 100)],
  ])("%s is class protocol", async (_what, bytes) => {
    await using server = await serveRaw((socket) => void socket.write(bytes));
    const upstream = openUndici(server.port, { compression: true });
    const heard = await asked(upstream);
    expect([heard.outcome, heard.late]).toEqual(["protocol", 0]);
    await upstream.close();
  });

  it("far larger than its bytes comes no faster than it is read", async () => {
    const bytes = gzipSync(Buffer.alloc(32 * 1024 * 1024));
    await using server = await serveRaw((socket) => void socket.write(coded("gzip", bytes, 1e6)));
    const upstream = openUndici(server.port, { compression: true });
    let came = 0;
    const { promise: first, resolve: begun } = Promise.withResolvers<void>();
    const request = { operation: "chat", isStream: false, traceparent: undefined } as const;
    const call = upstream.call(
      { ...request, body: Buffer.from("{}") },
      {
        head: () => undefined,
        data(chunk) {
          came += chunk.length;
          call.pause();
          begun();
        },
        end: () => undefined,
        fail: () => undefined,
      },
    );
    await first;
    for (let i = 0; i < 500; i++) await new Promise(setImmediate);
    expect(came).toBeLessThan(64 * 1024);
    call.abort();
    await upstream.close();
  });
});

describe("HTTP/2", () => {
  const authority = createAuthority("upstreams");
  const { cert, key } = authority.issue({ purpose: "server" });
  const usual = getCACertificates("default");

  beforeAll(() => setDefaultCACertificates([...usual, authority.cert]));
  afterAll(() => setDefaultCACertificates(usual));

  async function serve2(isSecure: boolean, answer: (stream: ServerHttp2Stream) => void) {
    const server = isSecure ? createSecureServer({ cert, key, allowHTTP1: true }) : createClear();
    const seen: string[] = [];
    let sessions = 0;
    server.on("session", () => void sessions++);
    server.on("sessionError", () => undefined);
    server.on("stream", (stream, headers) => {
      seen.push(`${headers[":method"]} ${headers[":path"]} ${String(headers["authorization"])}`);
      stream.on("error", () => undefined);
      answer(stream);
    });
    const port = await listenOnLoopback(server);
    const scheme = isSecure ? "https" : "http";
    return {
      url: new URL(`${scheme}://localhost:${port}`),
      port,
      seen,
      sessions: () => sessions,
      async [Symbol.asyncDispose]() {
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }

  it.each([true, false])("many calls share one connection (TLS: %s)", async (isSecure) => {
    await using server = await serve2(isSecure, (stream) => {
      let text = "";
      stream.setEncoding("utf8");
      stream.on("data", (chunk: string) => void (text += chunk));
      stream.on("end", () => {
        stream.respond({ ":status": 200, "x-a": "1", "content-type": "application/json" });
        stream.end(text);
      });
    });
    const upstream = openUndici(server.port, { url: server.url, http2: true });
    const bodies = Array.from({ length: 8 }, (_, n) => Buffer.from(`{"n":${n}}`));
    const all = await Promise.all(bodies.map((body) => asked(upstream, { body })));
    expect(all.map((heard) => heard.body)).toEqual(bodies.map(String));
    expect(new Set(all.map((heard) => heard.outcome))).toEqual(new Set(["end"]));
    expect(all[0]?.headerOf("x-a")).toBe("1");
    expect(server.sessions()).toBe(1);
    expect(server.seen[0]).toBe("POST /v1/chat Bearer k0");
    await upstream.close();
  });

  it("a stream that is reset in its body is class reset, and an abort resets the upstream's", async () => {
    let isAborted = false;
    let calls = 0;
    await using server = await serve2(false, (stream) => {
      stream.respond({ ":status": 200 });
      const isFirst = calls++ === 0;
      stream.on("aborted", () => void (isAborted ||= !isFirst));
      stream.write("a", () => {
        if (isFirst) stream.destroy(new Error("broken"));
      });
    });
    const upstream = openUndici(server.port, { url: server.url, http2: true });
    const cut = await asked(upstream);
    expect([cut.status, cut.late]).toEqual([200, 0]);
    expect(["reset", "protocol"]).toContain(cut.outcome);
    const heard = ask(upstream);
    await eventually(clock, () => heard.body === "a", 10_000);
    heard.call?.abort();
    await eventually(clock, () => isAborted, 10_000);
    expect([heard.outcome, heard.late]).toEqual(["", 0]);
    await upstream.close();
  });
});

describe("an outbound proxy", () => {
  /** Forwards plain requests and opens tunnels, for who knows the password. */
  async function runProxy(password?: string) {
    const asks: string[] = [];
    const sockets = new Set<Duplex>();
    const isRefused = (request: IncomingMessage): boolean =>
      password !== undefined && request.headers["proxy-authorization"] !== password;
    const server = createPlain((request, response) => {
      asks.push(`${request.method} ${request.url}`);
      if (isRefused(request)) response.writeHead(407).end();
      else response.writeHead(200, { "content-length": 7 }).end("through");
    });
    server.on("connect", (request, socket, head: Buffer) => {
      asks.push(`CONNECT ${request.url}`);
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      if (isRefused(request)) {
        socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        return;
      }
      const port = Number(request.url?.split(":")[1]);
      const out = connect(port, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        out.write(head);
        out.pipe(socket).pipe(out);
      });
      sockets.add(out);
      out.on("error", () => socket.destroy());
    });
    const port = await listenOnLoopback(server);
    return {
      url: `http://127.0.0.1:${port}`,
      asks,
      async [Symbol.asyncDispose]() {
        for (const socket of sockets) socket.destroy();
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }

  const authority = createAuthority("behind");
  const { cert, key } = authority.issue({ purpose: "server" });
  const usual = getCACertificates("default");
  beforeAll(() => setDefaultCACertificates([...usual, authority.cert]));
  afterAll(() => setDefaultCACertificates(usual));

  it("forwards what goes to an http: target, named as a whole", async () => {
    await using proxy = await runProxy();
    const upstream = openUndici(9, { proxy: { url: proxy.url } });
    expect(await asked(upstream)).toMatchObject({ status: 200, body: "through", outcome: "end" });
    expect(proxy.asks).toEqual(["POST http://127.0.0.1:9/v1/chat"]);
    await upstream.close();
  });

  it.each([false, true])("is a tunnel to an https: target (HTTP/2: %s)", async (http2) => {
    await using proxy = await runProxy("Basic dTpw");
    const server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
      response.end(`${request.httpVersion} ${String(request.headers["proxy-authorization"])}`);
    });
    const port = await listenOnLoopback(server);
    const upstream = openUndici(port, {
      url: new URL(`https://localhost:${port}`),
      proxy: { url: proxy.url, authorization: "Basic dTpw" },
      http2,
    });
    const [first, second] = [await asked(upstream), await asked(upstream)];
    expect([first.body, second.body]).toEqual(
      http2 ? ["2.0 undefined", "2.0 undefined"] : ["1.1 undefined", "1.1 undefined"],
    );
    expect(new Set(proxy.asks)).toEqual(new Set([`CONNECT localhost:${port}`]));
    await upstream.close();
    server.close();
  });

  it("that refuses is class connect and says so, in both ways", async () => {
    await using proxy = await runProxy("Basic other");
    for (const url of ["http://127.0.0.1:9", "https://localhost:9"]) {
      const upstream = openUndici(9, { url: new URL(url), proxy: { url: proxy.url } });
      const heard = await asked(upstream);
      expect([heard.outcome, heard.late]).toEqual(["connect", 0]);
      expect(heard.detail).toContain("407");
      await upstream.close();
    }
  });

  it("connections through it are told of as those without one are", async () => {
    await using proxy = await runProxy();
    const server = createSecureServer({ cert, key, allowHTTP1: true }, (_request, response) => {
      response.end("through");
    });
    const port = await listenOnLoopback(server);
    const told: boolean[] = [];
    const onConnection = (isOpen: boolean): void => void told.push(isOpen);
    for (const target of ["http://127.0.0.1:9", `https://localhost:${port}`]) {
      const through = { url: new URL(target), proxy: { url: proxy.url }, onConnection };
      const upstream = openUndici(port, through);
      expect((await asked(upstream)).body).toBe("through");
      await upstream.close();
    }
    expect(told).toEqual([true, true]);
    const dead = openUndici(9, { proxy: { url: "http://127.0.0.1:9" }, onConnection });
    await asked(dead);
    await dead.close();
    expect(told).toEqual([true, true, false]);
    server.close();
  });

  it("that is not there is class connect", async () => {
    const upstream = openUndici(9, { proxy: { url: "http://127.0.0.1:9" } });
    expect((await asked(upstream)).outcome).toBe("connect");
    await upstream.close();
  });
});

describe("a connection that does not stand in time", () => {
  it("is class timeout, and its place is free once undici has given it up", async () => {
    // TLS that never answers.
    await using server = await serveRaw(() => undefined);
    const url = new URL(`https://127.0.0.1:${server.port}`);
    const upstream = openUndici(server.port, { url, connectTimeoutMs: 200, connectionsMax: 1 });
    expect((await asked(upstream)).outcome).toBe("timeout");
    // Who waits for a place meanwhile may be busy.
    await eventually(clock, async () => (await asked(upstream)).outcome === "timeout", 20_000);
    await upstream.close();
  });
});
