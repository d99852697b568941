import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { eventually, listenOnLoopback } from "@loadline/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createReads, type Reads } from "./reads.ts";

const within = (holds: () => boolean): Promise<void> => eventually(systemClock(), holds, 20_000);

/** Both ends of one connection, and what the accepted one got by either way. */
interface Pair {
  readonly server: Server;
  readonly peer: Socket;
  readonly socket: Socket;
  readonly reads: Reads;
  /** Taken before the stream had it. */
  taken: string;
  /** Emitted as `data`. */
  emitted: string;
  isEnded: boolean;
}

/** `isEncrypted`: the socket says so, as those do whose reads are taken at `push`. */
async function openPair(isEncrypted: boolean): Promise<Pair> {
  const server = createServer({ allowHalfOpen: true });
  const port = await listenOnLoopback(server);
  const peer = connect(port, "127.0.0.1");
  peer.setNoDelay(true);
  const [socket]: Socket[] = await once(server, "connection");
  if (socket === undefined) throw new Error("no connection came");
  const reads = createReads();
  const none = { taken: "", emitted: "", isEnded: false };
  const pair: Pair = { server, peer, socket, reads, ...none };
  if (isEncrypted) Object.defineProperty(socket, "encrypted", { value: true });
  reads.take(socket, (chunk) => void (pair.taken += chunk.toString("latin1")));
  socket.on("data", (chunk: Buffer) => void (pair.emitted += chunk.toString("latin1")));
  socket.on("end", () => void (pair.isEnded = true));
  return pair;
}

const ways = [
  ["from one buffer for all", false],
  ["at push", true],
] as const;

describe.each(ways)("a socket whose reads are taken %s", (_, isEncrypted) => {
  let pair: Pair;
  beforeEach(async () => {
    pair = await openPair(isEncrypted);
  });
  afterEach(() => {
    pair.peer.destroy();
    pair.socket.destroy();
    pair.server.close();
  });

  test("is read that way by this Node", () => {
    expect(Object.hasOwn(pair.socket, "push")).toBe(isEncrypted);
  });

  test("leaves what was read as it was, whatever is read later", async () => {
    const { socket, peer, reads } = pair;
    const got: Buffer[] = [];
    reads.giveBack(socket);
    socket.removeAllListeners("data");
    const onRead = (chunk: Buffer): void => void got.push(chunk);
    reads.take(socket, onRead);
    socket.on("data", onRead);
    for (let i = 0; i < 20; i++) {
      peer.write(String(i % 10).repeat(1000));
      await within(() => Buffer.concat(got).length === (i + 1) * 1000);
    }
    const sent = Array.from({ length: 20 }, (__, i) => String(i % 10).repeat(1000)).join("");
    expect(Buffer.concat(got).toString("latin1")).toBe(sent);
  });

  test("gives every byte once, in order, and emits none of it", async () => {
    let sent = "";
    for (let i = 0; i < 20; i++) {
      const text = `${i},`;
      sent += text;
      pair.peer.write(text);
      await within(() => pair.taken === sent);
    }
    expect(pair.emitted).toBe("");
  });

  test("counts what it read as ever", async () => {
    pair.peer.write("x".repeat(300_000));
    await within(() => pair.taken.length === 300_000);
    expect(pair.socket.bytesRead).toBe(300_000);
  });

  test("ends when its peer does", async () => {
    pair.peer.end("last");
    await within(() => pair.isEnded);
    expect(pair.taken).toBe("last");
  });

  test("loses and reorders nothing when it is paused by what it reads, and goes on", async () => {
    const { socket, peer } = pair;
    const got: string[] = [];
    pair.reads.giveBack(socket);
    socket.removeAllListeners("data");
    const onRead = (chunk: Buffer): void => {
      got.push(chunk.toString("latin1"));
      socket.pause();
    };
    pair.reads.take(socket, onRead);
    socket.on("data", onRead);
    const sent = Array.from({ length: 2000 }, (_, i) => `${i};`.padEnd(64, "."));
    for (const text of sent) peer.write(text);
    await within(() => {
      if (socket.isPaused()) socket.resume();
      return got.join("").length === sent.length * 64;
    });
    expect(got.join("")).toBe(sent.join(""));
    expect(got.length).toBeGreaterThan(1);
  });

  test("gives a paused socket's peer no endless room", async () => {
    const { socket, peer } = pair;
    socket.pause();
    const bytes = 64 * 1024 * 1024;
    peer.write(Buffer.alloc(bytes, "x"));
    await within(() => peer.writableLength > 0 && socket.bytesRead === socket.readableLength);
    expect(pair.taken).toBe("");
    expect(socket.bytesRead).toBeLessThan(bytes / 16);
    socket.resume();
    await within(() => socket.bytesRead === bytes);
    await within(() => pair.taken.length + pair.emitted.length === bytes);
  });

  test("keeps the order when a read comes before what was held has flowed", async () => {
    const { socket } = pair;
    socket.pause();
    socket.push(Buffer.from("held,"));
    socket.resume();
    socket.push(Buffer.from("new,"));
    await within(() => pair.emitted === "held,new,");
    expect(pair.taken).toBe("");
  });

  test("keeps the order when bytes are put back in front of it", async () => {
    const { socket, peer } = pair;
    socket.pause();
    socket.unshift(Buffer.from("first,"));
    peer.write("second,");
    await within(() => peer.bytesWritten === "second,".length);
    socket.resume();
    await within(() => pair.emitted + pair.taken === "first,second,");
    const { emitted, taken } = pair;
    expect(emitted.startsWith("first,")).toBe(true);
    peer.write("third");
    await within(() => pair.taken === `${taken}third`);
    expect(pair.emitted).toBe(emitted);
  });

  test("emits what it reads once its reads were given back, and ends", async () => {
    pair.reads.giveBack(pair.socket);
    pair.peer.end("now");
    await within(() => pair.isEnded);
    expect([pair.taken, pair.emitted]).toEqual(["", "now"]);
  });

  test("holds what it reads while it is paused after its reads were given back", async () => {
    const { socket, peer } = pair;
    pair.reads.giveBack(socket);
    socket.pause();
    socket.unshift(Buffer.from("put back,"));
    peer.end("then more");
    socket.resume();
    await within(() => pair.isEnded);
    expect([pair.taken, pair.emitted]).toEqual(["", "put back,then more"]);
  });
});
