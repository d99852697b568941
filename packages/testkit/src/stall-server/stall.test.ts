import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { watchThreads } from "../started-threads.ts";
import { startStallServer, type StallServer } from "./stall.ts";

/** What the server cuts is an error here. */
async function asked(server: StallServer): Promise<Socket> {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  await once(socket, "connect");
  socket.on("error", () => socket.destroy());
  socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  return socket;
}

describe("the stall server", () => {
  it("ends by itself with connections open, which it cuts: no deadline passes", async () => {
    using threads = watchThreads();
    const clock = new TestClock();
    const server = await startStallServer({ delayMs: 60_000, stallMs: 1, everyMs: 60_000 }, clock);
    const sockets = await Promise.all([asked(server), asked(server)]);
    const closed = sockets.map(
      (socket) => new Promise<void>((resolve) => void socket.once("close", () => resolve())),
    );
    await server[Symbol.asyncDispose]();
    await Promise.all(closed);
    expect([threads.count, threads.running, clock.pending]).toEqual([1, 0, 0]);
  });

  it("a stall under way is over before it ends", async () => {
    using threads = watchThreads();
    const clock = new TestClock();
    const server = await startStallServer({ delayMs: 0, stallMs: 40, everyMs: 50 }, clock);
    const socket = await asked(server);
    await once(socket, "data");
    await server[Symbol.asyncDispose]();
    expect(threads.running).toBe(0);
    socket.destroy();
  });
});
