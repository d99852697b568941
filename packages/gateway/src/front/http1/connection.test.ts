import { Socket } from "node:net";
import { TestClock } from "@loadline/kit/clock";
import { parseRequestHead } from "@loadline/kit/http1";
import { createRoster } from "@loadline/kit/roster";
import { describe, expect, it } from "vitest";
import { type Client, Exchange } from "../../pipeline/exchange.ts";
import { deafHost } from "../../pipeline/nobody.fixture.ts";
import { findOperation } from "../../pipeline/operations.ts";
import { createWatch } from "../../upstream/watch.ts";
import { Http1Connection, type Http1Shared } from "./connection.ts";
import { createHeadEncoder } from "./encode.ts";
import { createReads } from "./reads.ts";

const keepAliveMs = 5000;
/** By a timer of Node's own, which no test here lives to see. */
const stalledMs = 600_000;
/** Longer than a deadline is overlooked, and than a slow reader is. */
const lookMs = 1100;
/** More than a socket holds before it asks to wait. */
const large = Buffer.alloc(1_000_000, "y");
const request = (length: number, body: string): string =>
  `POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n${body}`;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A socket without a kernel: its reader takes what is written when `takeAll` says so. */
class Wire extends Socket {
  written = "";
  writes = 0;
  #taken: (() => void) | undefined;

  override _read(): void {
    // Nothing is read from anywhere.
  }

  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.written += chunk.toString("latin1");
    this.writes++;
    this.#taken = done;
  }

  override _writev(chunks: { chunk: Buffer | string }[], done: () => void): void {
    for (const { chunk } of chunks) this.written += chunk.toString("latin1");
    this.writes++;
    this.#taken = done;
  }

  override _final(done: () => void): void {
    done();
  }

  /** The reader takes all that is written. */
  takeAll(): void {
    for (let done = this.#taken; done; done = this.#taken) {
      this.#taken = undefined;
      done();
    }
  }

  get answers(): number {
    return this.written.split("HTTP/1.1 200 ").length - 1;
  }
}

/** A connection whose requests wait for the test to answer them. */
function open() {
  const clock = new TestClock();
  const clients: Client[] = [];
  const shared: Http1Shared = {
    pipeline: {
      begin(client) {
        clients.push(client);
        return new Exchange(deafHost, client, findOperation(client.target), 0);
      },
      refuse: (x) => x.client.answer(400, [], ""),
      inFlight: createRoster<Exchange>(),
      missing: () => [],
      onIdle: (run) => run(),
    },
    watch: createWatch<Http1Connection>(clock),
    encoder: createHeadEncoder(clock, keepAliveMs),
    reads: createReads(),
    headBytesMax: 16_384,
    trust: undefined,
    headMs: 1000,
    requestMs: 1000,
    keepAliveMs,
    stalledMs,
    isDraining: false,
    nowMs: () => clock.monotonicMs(),
    parseHead: parseRequestHead,
    serves: () => true,
    adopt: () => undefined,
  };
  const wire = new Wire();
  void new Http1Connection(wire, shared);
  return { clock, clients, wire };
}

/** The reader has taken nothing of an answer for longer than a connection is kept. */
function findSlow(t: ReturnType<typeof open>): void {
  t.clock.advance(keepAliveMs + lookMs);
  expect([t.wire.timeout, t.wire.isPaused()]).toEqual([stalledMs, true]);
}

describe("a reader that was slow and took all of its answer", () => {
  it("is slow no more while the request it sent ahead waits for its upstream", async () => {
    const t = open();
    t.wire.push(Buffer.from(request(2, "{}").repeat(4)));
    for (let begun = 1; begun <= 4; begun++) {
      expect(t.clients).toHaveLength(begun);
      // However long its upstream takes.
      t.clock.advance(20 * keepAliveMs);
      t.wire.emit("timeout");
      expect([t.wire.timeout ?? 0, t.wire.destroyed]).toEqual([0, false]);
      t.clients.at(-1)?.answer(200, [], large);
      findSlow(t);
      expect(t.clients).toHaveLength(begun);
      t.wire.takeAll();
      await turn();
    }
    expect([t.wire.answers, t.wire.destroyed]).toEqual([4, false]);
    t.wire.destroy();
  });

  it("is read from again at once, and has the whole time for its next request", async () => {
    const t = open();
    for (let begun = 1; begun <= 3; begun++) {
      t.wire.push(Buffer.from(request(2, "{}")));
      expect(t.clients).toHaveLength(begun);
      t.clients.at(-1)?.answer(200, [], large);
      findSlow(t);
      t.wire.takeAll();
      expect([t.wire.timeout, t.wire.isPaused()]).toEqual([0, false]);
      await turn();
      t.clock.advance(keepAliveMs - lookMs);
      expect([t.wire.destroyed, t.wire.listenerCount("drain")]).toEqual([false, 0]);
    }
    t.clock.advance(2 * lookMs);
    expect(t.wire.destroyed).toBe(true);
  });

  it("is ended when it takes nothing for its time", () => {
    const t = open();
    t.wire.push(Buffer.from(request(2, "{}")));
    t.clients[0]?.answer(200, [], large);
    findSlow(t);
    t.wire.emit("timeout");
    expect(t.wire.destroyed).toBe(true);
  });
});

describe("a body that is asked for when its client has left", () => {
  it.each([
    ["that moment", false],
    ["long before", true],
  ])("%s is cut, and that is said once", async (_when, isLongAgo) => {
    const t = open();
    t.wire.push(Buffer.from(request(20, "{")));
    t.wire.destroy();
    if (isLongAgo) await turn();
    const told: unknown[] = [];
    t.clients[0]?.read(1000, (body) => void told.push(body));
    expect(told).toEqual(["cut"]);
    await turn();
    expect(told).toEqual(["cut"]);
  });
});

describe("pieces of an answer that are gathered", () => {
  const body = (t: ReturnType<typeof open>): string =>
    t.wire.written.split("\r\n\r\n").slice(1).join("\r\n\r\n");

  /** A client whose answer is open and taken as far as it goes. */
  function opened() {
    const t = open();
    t.wire.push(Buffer.from(request(2, "{}")));
    const client = t.clients[0];
    if (!client) throw new Error("no request began");
    client.open(200, []);
    t.wire.takeAll();
    t.wire.writes = 0;
    client.gather?.(true);
    return { ...t, client };
  }

  it("go out in order and in one write when the gathering ends", () => {
    const t = opened();
    t.client.writeChunk?.("1\r\na\r\n");
    t.client.write(Buffer.from("bc"));
    t.client.writeChunk?.("1\r\nd\r\n");
    expect([t.wire.writes, t.client.pendingBytes]).toEqual([0, 19]);
    t.client.gather?.(false);
    t.wire.takeAll();
    expect([t.wire.writes, t.client.pendingBytes]).toEqual([1, 0]);
    expect(body(t)).toBe("1\r\na\r\n2\r\nbc\r\n1\r\nd\r\n");
    t.client.gather?.(true);
    t.client.gather?.(false);
    expect(t.wire.writes).toBe(1);
    t.client.write(Buffer.from("e"));
    expect(t.wire.writes).toBe(2);
    t.wire.destroy();
  });

  it("stand before a large piece, which waits for nothing", () => {
    const t = opened();
    t.client.writeChunk?.("1\r\na\r\n");
    t.client.write(large);
    t.wire.takeAll();
    const size = large.length.toString(16);
    expect(body(t)).toBe(`1\r\na\r\n${size}\r\n${large.toString("latin1")}\r\n`);
    t.wire.destroy();
  });

  it("go out with the end of their answer", () => {
    const t = opened();
    t.client.writeChunk?.("1\r\na\r\n");
    t.client.end();
    t.client.gather?.(false);
    expect([t.wire.writes, body(t)]).toEqual([1, "1\r\na\r\n0\r\n\r\n"]);
    t.wire.destroy();
  });

  it("go out before their connection is broken", () => {
    const t = opened();
    t.client.writeChunk?.("1\r\na\r\n");
    t.client.destroy();
    expect([body(t), t.wire.destroyed]).toEqual(["1\r\na\r\n", true]);
  });

  it("make their source wait when the reader takes nothing", () => {
    const t = opened();
    t.client.gather?.(false);
    expect(t.client.write(large)).toBe(false);
    t.client.gather?.(true);
    expect(t.client.writeChunk?.("1\r\na\r\n")).toBe(false);
    t.wire.destroy();
  });
});
