import { createServer, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { systemClock, TestClock } from "@loadline/kit/clock";
import { eventually, listenOnLoopback } from "@loadline/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SentHow } from "../../pipeline/exchange.ts";
import { watchReader } from "./reader-watch.ts";

/** More than the buffers of both ends of a loopback connection hold. */
const bodyBytes = 25 * 1024 * 1024;
const within = (holds: () => boolean): Promise<void> => eventually(systemClock(), holds, 10_000);

/** In slices, as what is taken is seen by whole writes only. */
function feed(response: ServerResponse, left: number): void {
  if (left === 0) return void response.end();
  response.write(slice, () => feed(response, left - slice.length));
}

const slice = Buffer.alloc(65_536);
const server = createServer();
let clock: TestClock;
let ends: SentHow[];
let reader: Socket;

beforeEach(async () => {
  clock = new TestClock();
  ends = [];
  server.removeAllListeners("request");
  server.on("request", (_request, response) => {
    response.writeHead(200, { "content-length": bodyBytes });
    feed(response, bodyBytes);
    // The end of an earlier test's answer may come late.
    const told = ends;
    watchReader(response, clock, (how) => void told.push(how));
  });
  const port = await listenOnLoopback(server);
  reader = connect(port, "127.0.0.1");
  reader.on("error", () => reader.destroy());
  reader.pause();
  reader.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  await within(() => clock.pending === 1);
});
afterEach(async () => {
  reader.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Lets so much time pass that a reader of whom nothing is seen is cut off. */
function pass(ms: number): void {
  for (let at = 0; at < ms; at += 1000) clock.advance(1000);
}

describe("the reader of an answer", () => {
  it("who never reads is cut off after a minute, and no timer is left", async () => {
    // What the buffers hold is taken, whenever that is.
    await eventually(
      systemClock(),
      () => {
        pass(65_000);
        return ends.length === 1;
      },
      10_000,
    );
    expect(ends).toEqual(["stalled"]);
    expect(clock.pending).toBe(0);
  });

  it("who never reads is not cut off within the minute", async () => {
    pass(59_000);
    expect([ends, clock.pending]).toEqual([[], 1]);
  });

  it("who reads on again within each minute gets all of it", async () => {
    let size = 0;
    reader.on("data", (chunk: Buffer) => void (size += chunk.length));
    reader.pause();
    for (let goal = 4 << 20; goal < bodyBytes; goal += 4 << 20) {
      pass(30_000);
      expect(ends).not.toContain("stalled");
      reader.resume();
      await within(() => size >= goal);
      reader.pause();
    }
    reader.resume();
    await within(() => size >= bodyBytes && ends.length === 1);
    expect([ends, clock.pending]).toEqual([["sent"], 0]);
  });

  it("who leaves is told apart from one who got everything", async () => {
    reader.destroy();
    await within(() => ends.length === 1);
    expect([ends, clock.pending]).toEqual([["left"], 0]);
  });
});
