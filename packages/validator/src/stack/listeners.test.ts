import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { startListenersTwin } from "./stubs/listeners.ts";
import { againstTwin, twinSuite } from "./twin-suite.fixture.ts";
import { listenersOf } from "./wire/proc.ts";

twinSuite("listeners", startListenersTwin);

describe.skipIf(process.platform !== "linux")("the listeners of this machine", () => {
  it("hold the one that was just opened, on loopback", async () => {
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

describe("a data store that the network reaches", () => {
  it("is a finding that names it and its address; on loopback it is none [R1-25]", async () => {
    const { words } = await againstTwin(startListenersTwin);
    expect(words["it.stores"]).toBe("passed");
    const rules = [{ when: "tcp", reply: "00000000:1538" }];
    const open = await againstTwin(startListenersTwin, rules, { allowed: [443, 5432] });
    expect(open.words["it.stores"]).toBe("failed false");
    expect(open.sentences["it.stores"]).toContain("PostgreSQL on 0.0.0.0:5432");
    // Nobody forbade the port: that it is a store is enough.
    expect(open.words["it.declared"]).toBe("passed");
  });

  it("is known by its port in this stack, whatever the port is", async () => {
    const rules = [{ when: "tcp", reply: "00000000:7A69" }];
    const closed = await againstTwin(startListenersTwin, rules, { allowed: undefined });
    expect(closed.words["it.stores"]).toBe("passed");
    const declared = { allowed: undefined, stores: [31_337] };
    const { sentences } = await againstTwin(startListenersTwin, rules, declared);
    expect(sentences["it.stores"]).toContain("a declared store on 0.0.0.0:31337");
  });
});
