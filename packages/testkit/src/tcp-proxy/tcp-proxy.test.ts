import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listenOnLoopback } from "../listen.ts";
import { startTcpProxy, type TcpProxy } from "./index.ts";

const clock = systemClock();

describe("the TCP proxy", () => {
  let echo: Server;
  let proxy: TcpProxy;
  beforeEach(async () => {
    echo = createServer((socket) => void socket.pipe(socket));
    const targetPort = await listenOnLoopback(echo);
    proxy = await startTcpProxy({ clock, targetPort });
  });
  afterEach(async () => {
    await proxy[Symbol.asyncDispose]();
    echo.close();
  });

  async function open(): Promise<Socket> {
    const socket = connect(proxy.port, "127.0.0.1");
    await once(socket, "connect");
    return socket;
  }

  /** The echo of `text` and how long it took, in ms. */
  async function ask(socket: Socket, text: string): Promise<{ text: string; tookMs: number }> {
    const startMs = clock.monotonicMs();
    socket.write(text);
    let got = "";
    while (got.length < text.length) got += String((await once(socket, "data"))[0]);
    return { text: got, tookMs: clock.monotonicMs() - startMs };
  }

  it("passes bytes both ways and, told to, hands answers on later", async () => {
    const socket = await open();
    expect((await ask(socket, "one")).text).toBe("one");
    proxy.delay(60);
    const late = await ask(socket, "two");
    expect(late.text).toBe("two");
    expect(late.tookMs).toBeGreaterThanOrEqual(59);
    proxy.delay(0);
    expect((await ask(socket, "three")).text).toBe("three");
    socket.destroy();
  });

  it("has a port that the system gives nobody while it refuses", async () => {
    // Where Linux begins with those that it gives to whoever asks for any.
    expect(proxy.port).toBeLessThan(32_768);
    await proxy.refuse();
    await proxy.accept();
    expect((await ask(await open(), "again")).text).toBe("again");
  });

  it("keeps the order of answers whose delays differ", async () => {
    const socket = await open();
    const delays = [1, 0.1, 0.5, 0, 0.2];
    proxy.jitter(40, () => delays.shift() ?? 0);
    const all = "abcde";
    let got = "";
    socket.on("data", (bytes) => (got += String(bytes)));
    for (const letter of all) {
      socket.write(letter);
      await clock.sleep(5);
    }
    while (got.length < all.length) await once(socket, "data");
    expect(got).toBe(all);
    socket.destroy();
  });

  it("refuses as if nobody listened, and takes connections again on the same port", async () => {
    const socket = await open();
    const closed = once(socket, "close");
    await proxy.refuse();
    await closed;
    await expect(open()).rejects.toThrow("ECONNREFUSED");
    await proxy.accept();
    const again = await open();
    expect((await ask(again, "back")).text).toBe("back");
    again.destroy();
  });
});
