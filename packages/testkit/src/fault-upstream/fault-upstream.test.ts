import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { systemClock, TestClock } from "@loadline/kit/clock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../eventually.ts";
import {
  type Behaviour,
  behaviours,
  contentOf,
  type FaultUpstream,
  startFaultUpstream,
} from "./index.ts";

const patient = systemClock();
const withinMs = 10_000;
let clock: TestClock;
let upstream: FaultUpstream;
const clients: Socket[] = [];

beforeEach(async () => {
  clock = new TestClock();
  upstream = await startFaultUpstream({ clock, letter: "a" });
});
afterEach(async () => {
  for (const socket of clients.splice(0)) socket.destroy();
  await upstream[Symbol.asyncDispose]();
});

interface Client {
  readonly socket: Socket;
  /** What came so far. */
  text(): string;
  /** How the connection ended: `open`, `end` after a FIN, or the error's code. */
  state(): string;
  send(body: object): void;
  until(predicate: () => boolean): Promise<void>;
}

const until = (predicate: () => boolean): Promise<void> => eventually(patient, predicate, withinMs);

function client(): Client {
  const socket = connect(upstream.port, "127.0.0.1").setEncoding("utf8");
  clients.push(socket);
  let [text, state] = ["", "open"];
  socket.on("data", (chunk: string) => (text += chunk));
  socket.on("end", () => (state = state === "open" ? "end" : state));
  socket.on("error", (error: NodeJS.ErrnoException) => (state = error.code ?? "error"));
  return {
    socket,
    text: () => text,
    state: () => state,
    until,
    send(body) {
      const json = JSON.stringify(body);
      const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: ${json.length}`;
      socket.write(`${head}\r\n\r\n${json}`);
    },
  };
}

/** Asks and waits until the answer holds `end` or the connection is over. */
async function asked(behaviour: Behaviour, body: object, end: string): Promise<Client> {
  await upstream.behave(behaviour);
  const one = client();
  one.send(body);
  await until(() => one.text().includes(end) || one.state() !== "open");
  return one;
}

const stream = { stream: true };
const bodyOf = (text: string): string => text.slice(text.indexOf("\r\n\r\n") + 4);
/** Chunked framing taken off. */
function unchunked(text: string): string {
  let [rest, out] = [bodyOf(text), ""];
  for (;;) {
    const line = rest.indexOf("\r\n");
    const size = Number.parseInt(rest.slice(0, line), 16);
    if (line < 0 || !(size > 0)) return out;
    out += rest.slice(line + 2, line + 2 + size);
    rest = rest.slice(line + 4 + size);
  }
}
const words = (text: string): number => text.match(/"content":"a\d+ "/g)?.length ?? 0;

describe("an honest answer", () => {
  it("a stream names its origin in every word, ends with finish and [DONE], and keeps the connection", async () => {
    const one = await asked(behaviours.good, stream, "0\r\n\r\n");
    expect(words(one.text())).toBe(12);
    expect(one.text()).toMatch(/"finish_reason":"stop".*\[DONE\]/s);
    expect(one.text()).not.toContain("usage");
    expect(one.state()).toBe("open");
  });

  it("usage is sent to those who asked for it, and says what was sent", async () => {
    const body = { stream: true, stream_options: { include_usage: true } };
    const one = await asked(behaviours.good, body, "0\r\n\r\n");
    expect(one.text()).toContain('"completion_tokens":12,"total_tokens":19');
    const none = await asked(behaviours.noUsage, body, "0\r\n\r\n");
    expect(none.text()).not.toContain('"usage"');
  });

  it("a whole answer holds the same words in one document", async () => {
    const one = await asked(behaviours.good, {}, "0\r\n\r\n");
    expect(JSON.parse(unchunked(one.text()))).toMatchObject({
      choices: [{ message: { content: contentOf("a", 12) }, finish_reason: "stop" }],
      usage: { completion_tokens: 12 },
    });
  });
});

describe("a planned fault", () => {
  it.each([
    ["status500", "500", ""],
    ["busy1", "429", "retry-after: 1\r\n"],
    ["busy3", "429", "retry-after: 3\r\n"],
    ["busy7", "429", "retry-after: 7\r\n"],
  ] as const)(
    "%s is that status with an error object, streamed or not",
    async (id, status, header) => {
      for (const body of [stream, {}]) {
        const one = await asked(behaviours[id], body, "0\r\n\r\n");
        expect(one.text()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
        expect(one.text()).toContain(header);
        expect(JSON.parse(unchunked(one.text()))).toMatchObject({
          error: { message: "planned fault" },
        });
      }
    },
  );

  it("cutByReset is a reset after ten words, and not before its time", async () => {
    const one = await asked(behaviours.cutByReset, stream, '"a9 "');
    expect([words(one.text()), one.state()]).toEqual([10, "open"]);
    clock.advance(29);
    expect(one.state()).toBe("open");
    clock.advance(1);
    await until(() => one.state() !== "open");
    expect(one.state()).toBe("ECONNRESET");
  });

  it("cutByFin is an orderly end that leaves the body without its own", async () => {
    const one = await asked(behaviours.cutByFin, stream, "never");
    expect([words(one.text()), one.state()]).toEqual([10, "end"]);
    expect(one.text()).not.toContain("0\r\n\r\n");
    const whole = await asked(behaviours.cutByFin, {}, "never");
    expect(whole.text()).toContain("content-length: 100000");
    expect(bodyOf(whole.text()).length).toBeLessThan(100_000);
  });

  it("stall says nothing more, however long one waits, and keeps the connection", async () => {
    const one = await asked(behaviours.stall, stream, '"a9 "');
    const before = one.text();
    clock.advance(3_600_000);
    expect([one.text(), one.state(), clock.pending]).toEqual([before, "open", 0]);
  });

  it("silent takes the request and answers nothing", async () => {
    await upstream.behave(behaviours.silent);
    const one = client();
    one.send(stream);
    await until(() => upstream.seen.length === 1);
    clock.advance(3_600_000);
    expect([one.text(), one.state()]).toEqual(["", "open"]);
  });

  it("paced sends a word each 20 ms of its clock", async () => {
    const one = await asked(behaviours.paced, stream, '"a0 "');
    expect(words(one.text())).toBe(1);
    clock.advance(19);
    expect(words(one.text())).toBe(1);
    clock.advance(1);
    await until(() => words(one.text()) === 2);
    clock.advance(20 * 8);
    await until(() => words(one.text()) === 10);
  });

  it("dripHead is a byte a second: no head is whole before its time", async () => {
    const one = await asked(behaviours.dripHead, stream, "H");
    clock.advance(3_000);
    await until(() => one.text() === "HTTP");
    clock.advance(60_000);
    await until(() => one.text() === "HTTP/1.1 200 OK\r\n");
    expect(clock.pending).toBe(0);
  });

  it("headSilence is a head and nothing behind it", async () => {
    const one = await asked(behaviours.headSilence, stream, "\r\n\r\n");
    expect([bodyOf(one.text()), one.state()]).toEqual(["", "open"]);
  });

  it("wrongLength announces more bytes than come before the end", async () => {
    const one = await asked(behaviours.wrongLength, {}, "never");
    expect(one.text()).toContain("content-length: 9000");
    expect(bodyOf(one.text()).length).toBeLessThan(9000);
    expect(one.state()).toBe("end");
  });

  it("badChunk breaks the framing behind ten whole words", async () => {
    const one = await asked(behaviours.badChunk, stream, "oops");
    expect(words(unchunked(one.text()))).toBe(10);
    expect(one.text()).toMatch(/zz\r\noops\r\n$/);
  });

  it("largeEvent is one event of 2 MiB in an otherwise whole stream", async () => {
    const one = await asked(behaviours.largeEvent, stream, "[DONE]");
    const longest = Math.max(
      ...unchunked(one.text())
        .split("\n")
        .map(({ length }) => length),
    );
    expect(longest).toBeGreaterThan(2 * 1024 * 1024);
  });

  it("dieLate is a head, then a reset at 220 ms", async () => {
    const one = await asked(behaviours.dieLate, stream, "\r\n\r\n");
    clock.advance(219);
    expect(one.state()).toBe("open");
    clock.advance(1);
    await until(() => one.state() !== "open");
    expect([bodyOf(one.text()), one.state()]).toEqual(["", "ECONNRESET"]);
  });

  it.each([
    ["badFirstEvent", "data: {nope\n\n", 0],
    ["doneOnly", "data: [DONE]\n\n", 0],
    ["noContent", '"role":"assistant"', 0],
    ["html200", "<html></html>", 0],
    ["errorJson200", "planned fault", 0],
    ["errorSecond", "planned fault", 0],
    ["badEvent", "data: {nope\n\n", 10],
    ["earlyDone", "data: [DONE]\n\n", 10],
  ] as const)(
    "%s is a 200 whose body ends whole and promises nothing",
    async (id, holds, count) => {
      const one = await asked(behaviours[id], stream, "0\r\n\r\n");
      expect(one.text()).toMatch(/^HTTP\/1\.1 200 /);
      expect(unchunked(one.text())).toContain(holds);
      expect(words(one.text())).toBe(count);
      expect(one.text()).not.toContain('"finish_reason":"stop"');
    },
  );

  it("a behaviour without a fault for whole answers plays the stream's", async () => {
    const one = await asked(behaviours.earlyDone, {}, "0\r\n\r\n");
    expect(one.text()).toContain("text/event-stream");
  });
});

describe("the port", () => {
  const tried = async (): Promise<string> => {
    const one = client();
    await Promise.race([once(one.socket, "connect"), once(one.socket, "error")]).catch(() => []);
    one.send({});
    await until(() => one.text() !== "" || one.state() !== "open");
    return one.text() === "" ? one.state() : "answered";
  };

  it("refuse closes it, and another behaviour opens the same one again", async () => {
    const { port } = upstream;
    await upstream.behave(behaviours.refuse);
    expect(await tried()).toBe("ECONNREFUSED");
    await upstream.behave(behaviours.good);
    expect([upstream.port, await tried()]).toEqual([port, "answered"]);
  });

  it("resetOnAccept resets each connection before anything is read", async () => {
    await upstream.behave(behaviours.resetOnAccept);
    expect(await tried()).toBe("ECONNRESET");
    expect(upstream.seen).toHaveLength(0);
  });

  it("kill resets what is open, mid-answer, and refuses what comes", async () => {
    const one = await asked(behaviours.stall, stream, '"a9 "');
    await upstream.kill();
    await until(() => one.state() !== "open");
    expect([one.state(), await tried()]).toEqual(["ECONNRESET", "ECONNREFUSED"]);
  });
});

describe("what it saw", () => {
  it("a behaviour for some requests is over after them, across connections", async () => {
    await upstream.behave(behaviours.status500, 2);
    const statuses: string[] = [];
    for (let i = 0; i < 3; i++) {
      const one = client();
      one.send({});
      await until(() => one.text().includes("0\r\n\r\n"));
      statuses.push(one.text().slice(9, 12));
    }
    expect(statuses).toEqual(["500", "500", "200"]);
  });

  it("a request counts when it is whole, wherever its bytes were cut", async () => {
    const one = client();
    const text = "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}";
    for (const letter of text.slice(0, -1)) one.socket.write(letter);
    const probe = client();
    probe.send({ probe: 1 });
    await until(() => upstream.seen.length === 1);
    expect(upstream.seen[0]?.text).toContain("probe");
    one.socket.write("}");
    await until(() => upstream.seen.length === 2);
    expect(upstream.seen[1]?.text).toBe(text);
  });

  it("two requests that arrive as one piece are two", async () => {
    const one = client();
    const text = "POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}";
    one.socket.write(text + text);
    await until(() => one.text().split("HTTP/1.1 200").length === 3);
    expect(upstream.seen.map((seen) => seen.text)).toEqual([text, text]);
  });

  it("each request of a connection learns when that connection closed", async () => {
    const one = client();
    for (let i = 1; i <= 2; i++) {
      one.send({ i });
      await until(() => one.text().split("0\r\n\r\n").length === i + 1);
    }
    expect(upstream.seen.map(({ closedMs }) => closedMs)).toEqual([-1, -1]);
    clock.advance(500);
    const closedMs = clock.monotonicMs();
    one.socket.destroy();
    await until(() => upstream.seen.every((seen) => seen.closedMs !== -1));
    expect(upstream.seen.map((seen) => seen.closedMs)).toEqual([closedMs, closedMs]);
  });

  it("forget drops what was seen and nothing else", async () => {
    await asked(behaviours.good, {}, "0\r\n\r\n");
    upstream.forget();
    expect(upstream.seen).toHaveLength(0);
    await asked(behaviours.good, {}, "0\r\n\r\n");
    expect(upstream.seen).toHaveLength(1);
  });
});
