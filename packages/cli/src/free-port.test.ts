import { createServer, type Server } from "node:net";
import { describe, expect, it } from "vitest";
import { choosePort, defaultPort, isPortFree } from "./free-port.ts";

function listen(): Promise<{ port: number; server: Server }> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve({ port: typeof address === "object" && address ? address.port : 0, server });
    });
  });
}

describe("ports", () => {
  it("a port with a listener is taken until the listener is gone", async () => {
    const { port, server } = await listen();
    expect(await isPortFree(port)).toBe(false);
    await new Promise((resolve) => server.close(resolve));
    expect(await isPortFree(port)).toBe(true);
  });

  it("a given port is used as it is, so that the gateway refuses it by name", async () => {
    const { port, server } = await listen();
    expect(await choosePort(port)).toBe(port);
    expect([defaultPort, 0]).toContain(await choosePort(undefined));
    server.close();
  });

  it("a port of another fault than being taken is an error, not a free one", async () => {
    await expect(isPortFree(70_000)).rejects.toThrow();
  });
});
