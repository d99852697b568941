import { createServer, type Server } from "node:net";
import { describe, expect, it } from "vitest";
import { choosePort, isPortFree } from "./free-port.ts";

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
  it("a given port that is taken is named, and kept for the refusal", async () => {
    const { port, server } = await listen();
    expect(await isPortFree(port)).toBe(false);
    expect(await choosePort(port)).toEqual({ port, taken: port });
    await new Promise((resolve) => server.close(resolve));
    expect(await choosePort(port)).toEqual({ port });
  });

  it("port 0 is the system's choice and asks nobody", async () => {
    expect(await choosePort(0)).toEqual({ port: 0 });
  });

  it("a port of another fault than being taken is an error, not a free one", async () => {
    await expect(isPortFree(70_000)).rejects.toThrow();
  });
});
