import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { giveReadsBack, takeReads } from "./reads.ts";

const within = (holds: () => boolean): Promise<void> => eventually(systemClock(), holds, 5000);

/** Both ends of one connection, and what the accepted one got by either way. */
interface Pair {
  readonly server: Server;
  readonly peer: Socket;
  readonly socket: Socket;
  /** Taken from `push`. */
  taken: string;
  /** Emitted as `data`. */
  emitted: string;
  isEnded: boolean;
}

async function openPair(): Promise<Pair> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const peer = connect(port, "127.0.0.1");
  peer.setNoDelay(true);
  const [socket]: Socket[] = await once(server, "connection");
  if (socket === undefined) throw new Error("no connection came");
  const pair: Pair = { server, peer, socket, taken: "", emitted: "", isEnded: false };
  takeReads(socket, (chunk) => void (pair.taken += chunk.toString("latin1")));
  socket.on("data", (chunk: Buffer) => void (pair.emitted += chunk.toString("latin1")));
  socket.on("end", () => void (pair.isEnded = true));
  return pair;
}

let pair: Pair;
beforeEach(async () => {
  pair = await openPair();
});
afterEach(() => {
  pair.peer.destroy();
  pair.socket.destroy();
  pair.server.close();
});

describe("a socket whose reads are taken", () => {
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
    giveReadsBack(socket);
    socket.removeAllListeners("data");
    const onRead = (chunk: Buffer): void => {
      got.push(chunk.toString("latin1"));
      socket.pause();
    };
    takeReads(socket, onRead);
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
    await within(() => socket.readableLength > 0 && socket.bytesRead === socket.readableLength);
    expect(pair.taken).toBe("");
    expect(socket.readableLength).toBeLessThan(bytes / 16);
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
    await within(() => socket.readableLength === "first,second,".length);
    socket.resume();
    await within(() => pair.emitted === "first,second,");
    peer.write("third");
    await within(() => pair.taken === "third");
    expect(pair.emitted).toBe("first,second,");
  });
});

test("a socket whose reads were given back emits them, and ends", async () => {
  giveReadsBack(pair.socket);
  pair.peer.end("now");
  await within(() => pair.isEnded);
  expect([pair.taken, pair.emitted]).toEqual(["", "now"]);
});
