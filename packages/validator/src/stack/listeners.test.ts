import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { endChild } from "../../../testkit/src/end-child.ts";
import { runStackPlan } from "./stack.fixture.ts";
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
    // The kernel's table is read in pieces, between which others come and go.
    const own = { address: "127.0.0.1", port, isLoopback: true };
    await expect.poll(() => listenersOf("/proc")).toContainEqual(own);
    server.close();
  });

  it("of IPv6 are told from those of loopback", async (context) => {
    const server = createServer();
    const isThere = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(0, "::1", () => resolve(true));
    });
    if (!isThere) context.skip("NOT TESTED: a listener on IPv6 (nothing can listen on ::1)");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const own = { address: "[::1]", port, isLoopback: true };
    await expect.poll(() => listenersOf("/proc")).toContainEqual(own);
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

/** A process of its own that listens, and keeps a connection to each port it is given. */
async function startProcess(...ports: readonly number[]) {
  const script = `
    const server = require("node:http").createServer((request, response) => {
      response.writeHead(request.url === "/health" ? 200 : 404).end("{}");
    });
    for (const port of process.argv.slice(1)) require("node:net").connect(Number(port), "127.0.0.1");
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));
  `;
  const child = spawn(process.execPath, ["-e", script, ...ports.map(String)], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [text] = await once(child.stdout, "data");
  return {
    port: Number(String(text)),
    url: `http://127.0.0.1:${Number(String(text))}`,
    [Symbol.asyncDispose]: () => endChild(child),
  };
}

describe.skipIf(process.platform !== "linux")("services of this machine", () => {
  const edge = { from: "api", to: "store", required: false };
  const servicesOf = (api: { readonly url: string }, store: { readonly url: string }) => ({
    api: { kind: "http", url: api.url },
    store: { kind: "http", url: store.url },
    machine: { kind: "listeners", edges: "declared" },
  });

  it("that are connected without an edge are told by their names; by a declared edge they pass [R1-20]", async () => {
    await using store = await startProcess();
    await using api = await startProcess(store.port);
    const services = servicesOf(api, store);
    const open = await runStackPlan({ services });
    expect(open.words["machine.edges"]).toBe("failed false");
    expect(open.sentences["machine.edges"]).toContain("1 that nobody declared: api -> store");
    const known = await runStackPlan({ services, edges: [edge] });
    expect(known.words["machine.edges"], known.sentences["machine.edges"]).toBe("passed");
    expect(known.sentences["machine.edges"]).toContain("1 declared edges in use");
    // What is reached and not used is no fault, and is written down.
    expect(known.evidence).toContain('"reachable":["store -> api"]');
  });

  it("and one nobody may look into: nothing is passed of the others", async () => {
    await using store = await startProcess();
    await using api = await startProcess(store.port);
    const gone = { kind: "http", url: "http://127.0.0.1:1" };
    const services = { ...servicesOf(api, store), gone };
    const { words, sentences } = await runStackPlan({ services, edges: [edge] });
    expect(words["machine.edges"]).toBe("not_tested capability_missing");
    expect(sentences["machine.edges"]).toContain("Nobody may look into gone");
  });
});
