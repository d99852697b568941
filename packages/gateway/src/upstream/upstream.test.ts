import type { Socket } from "node:net";
import { systemClock, TestClock } from "@loadline/kit/clock";
import { eventually, freePort } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { ask, asked, ok, openOwn, openUndici, serveRaw } from "./upstream.fixture.ts";

const clock = systemClock();
const transports = [
  ["http1", openOwn],
  ["undici", openUndici],
] as const;
const chunkedHead = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

describe.each(transports)("an upstream over %s", (_name, open) => {
  it("is sent the body unchanged, with its path, key and headers", async () => {
    await using server = await serveRaw((socket) => void socket.write(ok("x")));
    const upstream = open(server.port);
    const body = Buffer.from('{"n":1.0, "s":"\\u00e9é"}');
    const more = ["x-own", "2"];
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await asked(upstream, { body, headers: more, traceparent, key: upstream.keys[1] });
    await upstream.close();
    const text = server.reads.join("");
    expect(text).toMatch(/^POST \/v1\/chat HTTP\/1\.1\r\n/);
    expect(text.slice(text.indexOf("\r\n\r\n") + 4)).toBe(body.toString("latin1"));
    const lines = text.slice(0, text.indexOf("\r\n\r\n")).toLowerCase().split("\r\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        `host: 127.0.0.1:${server.port}`,
        "x-fixed: 1",
        "x-own: 2",
        "authorization: bearer k1",
        "accept: application/json",
        `content-length: ${body.length}`,
        `traceparent: ${traceparent}`,
      ]),
    );
    expect(text).not.toMatch(/transfer-encoding|expect:|user-agent/i);
  });

  it("asks streams at their path, probes by a GET without a body", async () => {
    await using server = await serveRaw((socket) => void socket.write(ok("x")));
    const upstream = open(server.port);
    await asked(upstream, { isStream: true });
    await asked(upstream, { operation: "probe" });
    await upstream.close();
    const [stream = "", probe = ""] = server.reads.join("").split(/(?=GET )/);
    expect(stream).toMatch(/^POST \/v1\/stream .*\r\naccept: text\/event-stream\r\n/is);
    expect(probe).toMatch(/^GET \/v1\/models HTTP\/1\.1\r\n/);
    expect(probe).toMatch(/\r\n\r\n$/);
  });

  it("gives the head with names in lower case, then the data as it comes", async () => {
    const sent: Socket[] = [];
    await using server = await serveRaw((socket) => {
      sent.push(socket);
      socket.write("HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n");
      socket.write(chunk("first"));
    });
    const upstream = open(server.port);
    const heard = ask(upstream);
    await eventually(clock, () => heard.body === "first", 10_000);
    expect([heard.status, heard.headerOf("x-a"), heard.outcome]).toEqual([200, "1", ""]);
    sent[0]?.write(`${chunk("second")}0\r\n\r\n`);
    await heard.over;
    expect([heard.body, heard.outcome, heard.late]).toEqual(["firstsecond", "end", 0]);
    await upstream.close();
  });

  it("sequential calls share a connection, and no answer crosses another", async () => {
    await using server = await serveRaw((socket, text) => {
      socket.write(ok(text.slice(text.indexOf("\r\n\r\n") + 4)));
    });
    const upstream = open(server.port);
    for (let i = 0; i < 100; i++) {
      const body = Buffer.from(`{"n":${i}}`);
      expect((await asked(upstream, { body })).body).toBe(body.toString());
    }
    // undici may take its next call before it has let the first connection go.
    expect(server.sockets.length).toBeLessThanOrEqual(2);
    await upstream.close();
  });

  it("passes over an interim head", async () => {
    const interim = "HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n";
    await using server = await serveRaw((socket) => void socket.write(interim + ok("x")));
    const upstream = open(server.port);
    expect(await asked(upstream)).toMatchObject({ status: 200, body: "x", outcome: "end" });
    await upstream.close();
  });

  it.each([
    [
      "a length beside chunks",
      `HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`,
    ],
    [
      "two lengths that differ",
      "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxy",
    ],
    ["a bad chunk size", `${chunkedHead}zz\r\nx\r\n`],
    ["what is no HTTP", "SSH-2.0-x\r\n\r\n"],
    ["a line folded", "HTTP/1.1 200 OK\r\na: b\r\n c\r\ncontent-length: 1\r\n\r\nx"],
    ["more than 64 KiB of head", `HTTP/1.1 200 OK\r\na: ${"x".repeat(70_000)}\r\n\r\n`],
    ["more than 8 interim heads", "HTTP/1.1 103 E\r\n\r\n".repeat(9) + ok("x")],
  ])("%s is class protocol, and the connection is destroyed", async (_what, text) => {
    await using server = await serveRaw((socket) => void socket.write(text));
    const upstream = open(server.port);
    const heard = await asked(upstream);
    expect([heard.outcome, heard.late]).toEqual(["protocol", 0]);
    await eventually(clock, () => server.sockets[0]?.destroyed === true, 10_000);
    await upstream.close();
  });

  it("bytes after an answer's end are in no other answer", async () => {
    await using server = await serveRaw((socket, _text, ordinal) => {
      socket.write(ordinal === 1 ? `${ok("one")}${ok("smuggled")}` : ok("two"));
    });
    const upstream = open(server.port);
    await asked(upstream);
    expect(await asked(upstream)).toMatchObject({ body: "two", outcome: "end" });
    await upstream.close();
  });

  it.each([
    ["before a byte", ""],
    ["in a body with a length", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab"],
    ["in a chunk", `${chunkedHead}9\r\nab`],
    ["between chunks", `${chunkedHead}${chunk("ab")}`],
  ])("a connection that ends %s is class reset", async (_when, text) => {
    await using server = await serveRaw((socket) => void socket.end(text));
    const upstream = open(server.port);
    const heard = await asked(upstream);
    expect([heard.outcome, heard.late]).toEqual(["reset", 0]);
    expect(server.sockets).toHaveLength(1);
    await upstream.close();
  });

  it("a closed port is class connect", async () => {
    const upstream = open(await freePort());
    expect((await asked(upstream)).outcome).toBe("connect");
    await upstream.close();
  });

  it("a reused connection that dies before a byte is asked again once, on another", async () => {
    await using server = await serveRaw((socket, text, ordinal) => {
      if (ordinal === 1 && text.includes("again")) socket.destroy();
      else socket.write(ok("x"));
    });
    const upstream = open(server.port, { connectionsMax: 1 });
    await asked(upstream);
    const body = Buffer.from('"again"');
    expect(await asked(upstream, { body })).toMatchObject({ outcome: "end", body: "x" });
    expect(server.reads.filter((text) => text.includes("again"))).toHaveLength(2);
    expect(server.sockets).toHaveLength(2);
    await upstream.close();
  });

  it("a fresh connection that dies before a byte is not asked again, whatever was dispatched to", async () => {
    await using server = await serveRaw((socket, text) => {
      if (text.includes("once")) socket.destroy();
      else socket.write(ok("x"));
    });
    const upstream = open(server.port, { connectionsMax: 1 });
    await asked(upstream);
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    // Its end comes when the next call is on its way to it already.
    server.sockets[0]?.destroy();
    const heard = await asked(upstream, { body: Buffer.from('"once"') });
    expect([heard.outcome, heard.late]).toEqual(["reset", 0]);
    expect(server.reads.filter((text) => text.includes("once"))).toHaveLength(1);
    await upstream.close();
  });

  it("an abort closes the upstream's connection, and the sink hears no more of the answer", async () => {
    await using server = await serveRaw((socket) => {
      socket.write(`${chunkedHead}${chunk("a")}`);
    });
    const upstream = open(server.port);
    const heard = ask(upstream);
    await eventually(clock, () => heard.body === "a", 10_000);
    const startMs = clock.monotonicMs();
    heard.call?.abort();
    await eventually(clock, () => server.sockets[0]?.destroyed === true, 10_000);
    expect(clock.monotonicMs() - startMs).toBeLessThan(5000);
    expect([heard.body, heard.late]).toEqual(["a", 0]);
    expect(["", "aborted"]).toContain(heard.outcome);
    await upstream.close();
  });

  it("no more than connectionsMax are under way, 64 wait, the next is busy at once", async () => {
    const asking: Socket[] = [];
    await using server = await serveRaw((socket) => void asking.push(socket));
    // Nobody's wait ends by itself: this clock stands still.
    const upstream = open(server.port, { connectionsMax: 2, clock: new TestClock() });
    const all = Array.from({ length: 66 }, () => ask(upstream));
    const over = ask(upstream);
    expect(over.outcome).toBe("busy");
    let answered = 0;
    while (answered < 66) {
      await eventually(clock, () => asking.length > 0, 10_000);
      expect(asking.length).toBeLessThanOrEqual(2);
      asking.shift()?.write(ok("x"));
      answered++;
    }
    await Promise.all(all.map((heard) => heard.over));
    expect(new Set(all.map((heard) => heard.outcome))).toEqual(new Set(["end"]));
    expect(server.sockets).toHaveLength(2);
    await upstream.close();
  });

  it("who waits for a connection for a second is busy, and who leaves waits no more", async () => {
    const waiting = new TestClock();
    await using server = await serveRaw(() => undefined);
    const upstream = open(server.port, {
      connectionsMax: 1,
      clock: waiting,
      connectTimeoutMs: 9000,
    });
    ask(upstream);
    const left = ask(upstream);
    const second = ask(upstream);
    left.call?.abort();
    waiting.advance(999);
    expect(second.outcome).toBe("");
    waiting.advance(1);
    expect(second.outcome).toBe("busy");
    expect(["", "aborted"]).toContain(left.outcome);
    await upstream.close();
  });

  it("a paused call's upstream is slowed down until it is resumed", async () => {
    const body = "x".repeat(16 * 1024 * 1024);
    await using server = await serveRaw((socket) => void socket.write(ok(body)));
    const upstream = open(server.port);
    const heard = ask(upstream);
    await eventually(clock, () => heard.status === 200, 10_000);
    heard.call?.pause();
    const socket = server.sockets[0];
    await eventually(clock, () => (socket?.writableLength ?? 0) > 0, 10_000);
    expect(heard.outcome).toBe("");
    heard.call?.resume();
    await heard.over;
    expect([heard.outcome, heard.body.length]).toEqual(["end", body.length]);
    await upstream.close();
  });

  it("close ends what waits, and what comes after it, as it ends what is under way", async () => {
    await using server = await serveRaw(() => undefined);
    const upstream = open(server.port, { connectionsMax: 1, clock: new TestClock() });
    const sent = ask(upstream);
    const queued = ask(upstream);
    await eventually(clock, () => server.reads.length === 1, 10_000);
    await upstream.close();
    const all = [sent, queued, ask(upstream)];
    await Promise.all(all.map((heard) => heard.over));
    expect(all.map(({ outcome, late }) => [outcome, late])).toEqual(all.map(() => ["aborted", 0]));
  });

  it("close ends what was asked before a connection stood", async () => {
    await using server = await serveRaw(() => undefined);
    const upstream = open(server.port, { connectionsMax: 1, clock: new TestClock() });
    const all = [ask(upstream), ask(upstream)];
    await upstream.close();
    await Promise.all(all.map((heard) => heard.over));
    expect(all.map(({ outcome }) => outcome)).toEqual(["aborted", "aborted"]);
  });

  it("close ends what is under way", async () => {
    await using server = await serveRaw((socket) => {
      socket.write(`${chunkedHead}${chunk("a")}`);
    });
    const upstream = open(server.port);
    const heard = ask(upstream);
    await eventually(clock, () => heard.body === "a", 10_000);
    await upstream.close();
    await heard.over;
    expect([heard.outcome, heard.late]).toEqual(["aborted", 0]);
    await eventually(clock, () => server.sockets[0]?.destroyed === true, 10_000);
  });
});
