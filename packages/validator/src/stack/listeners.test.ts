import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { startListenersTwin } from "./stubs/listeners.ts";
import { twinSuite } from "./twin-suite.fixture.ts";
import { listenersOf } from "./wire/proc.ts";

twinSuite("listeners", startListenersTwin);

describe.skipIf(process.platform !== "linux")("the listeners of this machine", () => {
  it("hold the one that was just opened, on loopback [R1-25]", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const all = await listenersOf("/proc");
    expect(all).toContainEqual({ address: "127.0.0.1", port, isLoopback: true });
    server.close();
  });

  it("of IPv6 are told from those of loopback", async () => {
    const server = createServer();
    const isThere = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(0, "::1", () => resolve(true));
    });
    if (!isThere) return;
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const all = await listenersOf("/proc");
    expect(all).toContainEqual({ address: "[::1]", port, isLoopback: true });
    server.close();
  });
});
