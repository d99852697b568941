import { describe, expect, it } from "vitest";
import { Exchange } from "../pipeline/exchange.ts";
import { deafHost } from "../pipeline/nobody.fixture.ts";
import { findOperation } from "../pipeline/operations.ts";
import { orderSettings, RecordingClient } from "./orders.fixture.ts";
import { Outlet } from "./outlet.ts";

/** Takes as many bytes as it is told to. */
class SlowClient extends RecordingClient {
  takesBytes = Number.POSITIVE_INFINITY;

  override get pendingBytes(): number {
    return Math.max(0, this.text.length - this.takesBytes);
  }

  override write(chunk: Buffer): boolean {
    super.write(chunk);
    return this.pendingBytes === 0;
  }
}

function made() {
  const client = new SlowClient();
  const x = new Exchange(deafHost, client, findOperation(client.target), 0);
  const watch = {
    nowMs: 100,
    add: () => undefined,
    remove: () => undefined,
    each: () => undefined,
  };
  const seen = { moved: 0, paused: 0, resumed: 0 };
  const outlet = new Outlet({
    x,
    watch,
    settings: { ...orderSettings, clientStalledMs: 1000, waitingBytesMax: 20_000 },
    onMoved: () => void seen.moved++,
  });
  const source = {
    pause: () => void seen.paused++,
    resume: () => void seen.resumed++,
  };
  const sends = {
    bytes: (size: number) => outlet.write(Buffer.alloc(size, "x"), source),
    "a chunk": (size: number) => outlet.writeChunk(framed(size), source),
  };
  return { client, watch, outlet, source, sends, seen };
}

const framed = (size: number): string => `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`;

const ways = ["bytes", "a chunk"] as const;

describe("a client that is sent more than it takes", () => {
  it.each(ways)("is stalled when it took nothing for its time, whatever it was sent: %s", (way) => {
    const { client, watch, outlet, sends } = made();
    outlet.open([]);
    client.takesBytes = 0;
    sends[way](100);
    expect(outlet.stalledAtMs).toBe(1100);
    watch.nowMs = 600;
    sends[way](100);
    expect([outlet.isStalled(1099), outlet.isStalled(1100)]).toEqual([false, true]);
  });

  it.each(ways)("is not as long as it takes a byte within its time: %s", (way) => {
    const { client, watch, outlet, sends } = made();
    outlet.open([]);
    client.takesBytes = 0;
    sends[way](100);
    for (let i = 1; i <= 5; i++) {
      watch.nowMs += 1000;
      client.takesBytes += 1;
      sends[way](500);
      expect(outlet.isStalled(watch.nowMs)).toBe(false);
      expect(outlet.stalledAtMs).toBe(watch.nowMs + 1000);
    }
    expect(outlet.isStalled(watch.nowMs + 1000)).toBe(true);
  });

  it.each(ways)("rests its source once, and wakes it when everything was taken: %s", (way) => {
    const { client, outlet, sends, seen } = made();
    outlet.open([]);
    client.takesBytes = 0;
    sends[way](20_000);
    expect(seen).toEqual({ moved: 1, paused: 0, resumed: 0 });
    sends[way](1);
    sends[way](1);
    expect(seen).toEqual({ moved: 1, paused: 1, resumed: 0 });
    client.takesBytes = Number.POSITIVE_INFINITY;
    client.drain();
    expect(seen).toEqual({ moved: 1, paused: 1, resumed: 1 });
    expect(outlet.stalledAtMs).toBe(Number.POSITIVE_INFINITY);
    client.takesBytes = client.text.length;
    sends[way](20_001);
    expect(seen).toEqual({ moved: 2, paused: 2, resumed: 1 });
    client.drain();
    expect(seen.resumed).toBe(2);
  });

  it("is not for the framing that waits with what it is sent, while it takes some of it", () => {
    const { client, watch, outlet, source } = made();
    Object.defineProperty(client, "writeChunk", {
      value: (chunk: string) => client.write(Buffer.from(chunk)),
    });
    outlet.open([]);
    client.takesBytes = 0;
    outlet.writeChunk(framed(10), source);
    for (let i = 0; i < 100; i++) outlet.writeChunk(framed(10), source);
    client.takesBytes = 1;
    watch.nowMs = 1100;
    expect(outlet.isStalled(1100)).toBe(false);
    for (let i = 0; i < 100; i++) outlet.writeChunk(framed(10), source);
    expect(outlet.isStalled(2100)).toBe(true);
  });

  it("rests the source that goes on where another was cut while it rested", () => {
    const { client, outlet, source, sends, seen } = made();
    outlet.open([]);
    client.takesBytes = 0;
    sends.bytes(20_001);
    const next = { paused: 0, resumed: 0 };
    const other = { pause: () => void next.paused++, resume: () => void next.resumed++ };
    outlet.write(Buffer.alloc(1), other);
    outlet.write(Buffer.alloc(1), other);
    expect([seen.paused, next.paused]).toEqual([1, 1]);
    client.takesBytes = Number.POSITIVE_INFINITY;
    client.drain();
    expect(next.resumed).toBe(1);
    outlet.write(Buffer.alloc(1), source);
    expect(seen.paused).toBe(1);
  });

  it("that has taken all meanwhile is not stalled, though nobody said so yet", () => {
    const { client, outlet, sends } = made();
    outlet.open([]);
    client.takesBytes = 0;
    sends.bytes(100);
    client.takesBytes = 100;
    expect(outlet.isStalled(1100)).toBe(false);
  });
});

describe("a client that takes what it is sent", () => {
  it("is told status and headers once its body is open, and the silence begins then", () => {
    const { client, watch, outlet } = made();
    watch.nowMs = 300;
    outlet.open(["content-type", "text/event-stream"]);
    expect([client.status, client.headers]).toEqual([200, ["content-type", "text/event-stream"]]);
    expect([outlet.isOpen, outlet.lastSentMs]).toEqual([true, 300]);
  });

  it.each(ways)("has no time to keep: %s", (way) => {
    const { client, outlet, sends, seen } = made();
    outlet.open([]);
    sends[way](50_000);
    expect(client.text).toHaveLength(50_000);
    expect([outlet.stalledAtMs, seen.paused]).toEqual([Number.POSITIVE_INFINITY, 0]);
  });

  it("takes chunks in their framing once its body is open, if its front can", () => {
    const { client, outlet } = made();
    expect(outlet.takesChunks).toBe(false);
    outlet.open([]);
    expect(outlet.takesChunks).toBe(true);
    Object.defineProperty(client, "writeChunk", { value: undefined });
    expect(outlet.takesChunks).toBe(false);
  });
});

describe("a comment that keeps the connection", () => {
  it("is sent, and the silence begins anew", () => {
    const { client, watch, outlet } = made();
    outlet.open([]);
    watch.nowMs = 400;
    outlet.keepAlive();
    expect([client.text, outlet.lastSentMs]).toEqual([": keep-alive\n\n", 400]);
  });

  it("goes to nobody who takes nothing, and the silence begins anew all the same", () => {
    const { client, watch, outlet, sends } = made();
    outlet.open([]);
    client.takesBytes = 0;
    sends.bytes(10);
    watch.nowMs = 400;
    outlet.keepAlive();
    expect([client.text, outlet.lastSentMs]).toEqual(["x".repeat(10), 400]);
  });

  it("that is not taken begins the client's time, and rests nobody", () => {
    const { client, watch, outlet, seen } = made();
    outlet.open([]);
    client.takesBytes = 0;
    watch.nowMs = 400;
    outlet.keepAlive();
    expect([outlet.stalledAtMs, outlet.isStalled(1400), seen.paused]).toEqual([1400, true, 0]);
  });
});
