import { once } from "node:events";
import { connect, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { freePort } from "./free-port.ts";
import { listenOnLoopback, serveOnLoopback } from "./listen.ts";

describe("ports of loopback", () => {
  it("a server listens on the port it names, on loopback only, and a second one there is refused", async () => {
    const server = createServer();
    const port = await listenOnLoopback(server);
    expect(server.address()).toMatchObject({ address: "127.0.0.1", port });
    expect(server.listenerCount("error")).toBe(0);
    await expect(listenOnLoopback(createServer(), { port })).rejects.toThrow("EADDRINUSE");
    await new Promise((resolve) => server.close(resolve));
  });

  it("a free port can be listened on, and is none of those given to whoever asks for any", async () => {
    const port = await freePort();
    const server = createServer();
    expect(port).toBeGreaterThan(1023);
    expect(port).toBeLessThan(32_768);
    expect(await listenOnLoopback(server, { port })).toBe(port);
    await new Promise((resolve) => server.close(resolve));
  });

  it("no free port is drawn twice, nor by what runs beside it", async () => {
    const drawn = async (poolId: string): Promise<number[]> => {
      const own = process.env["VITEST_POOL_ID"];
      process.env["VITEST_POOL_ID"] = poolId;
      try {
        return await Promise.all(Array.from({ length: 200 }, freePort));
      } finally {
        process.env["VITEST_POOL_ID"] = own;
      }
    };
    const [one, other] = [await drawn("1"), await drawn("2")];
    expect(new Set([...one, ...other]).size).toBe(400);
    expect(Math.max(...one)).toBeLessThan(Math.min(...other));
  });

  it("the end of a server ends its connections, and its port is free", async () => {
    const server = createServer((socket) => void socket.on("error", () => undefined));
    const serving = await serveOnLoopback(server);
    expect(serving.url).toBe(`http://127.0.0.1:${serving.port}`);
    const client = connect(serving.port, "127.0.0.1").on("error", () => undefined);
    await once(server, "connection");
    const closed = once(client, "close");
    await serving[Symbol.asyncDispose]();
    await closed;
    const next = createServer();
    expect(await listenOnLoopback(next, { port: serving.port })).toBe(serving.port);
    await new Promise((resolve) => next.close(resolve));
  });
});
