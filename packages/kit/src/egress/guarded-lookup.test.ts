import { once } from "node:events";
import { createServer, type LookupFunction, type Server } from "node:net";
import { describe, expect, it } from "vitest";
import { listenOnLoopback } from "../../../testkit/src/listen.ts";
import { type AddressRule, createAddressRule, createEgress } from "./index.ts";

/** Answers in turn with these lists of addresses; the last one stays. */
function resolver(...answers: readonly (readonly string[])[]) {
  const asked: string[] = [];
  const lookup: LookupFunction = (host, _options, done) => {
    const at = Math.min(asked.push(host), answers.length) - 1;
    const found = (answers[at] ?? []).map((address) => {
      return { address, family: address.includes(":") ? 6 : 4 };
    });
    setImmediate(() => done(null, found));
  };
  return { lookup, asked };
}

async function listening(): Promise<{ server: Server; port: number; hits: () => number }> {
  let count = 0;
  const server = createServer((socket) => {
    count++;
    socket.on("error", () => undefined);
    socket.end("hi");
  });
  const port = await listenOnLoopback(server);
  return { server, port, hits: () => count };
}

interface Way {
  readonly lookup: LookupFunction;
  readonly addresses?: AddressRule;
  readonly url: string;
}

/** `open`, or the code that a connection failed with. */
async function connected({ lookup, addresses, url }: Way) {
  const blocked: string[] = [];
  const told: boolean[] = [];
  const egress = createEgress({
    allowHosts: ["name.test"],
    addresses,
    lookup,
    onBlocked: (host, address) => void blocked.push(`${host} ${address}`),
    onConnection: (isOpen) => void told.push(isOpen),
  });
  const socket = egress.connect(new URL(url));
  const outcome = await new Promise<string>((resolve) => {
    socket.once("connect", () => resolve("open"));
    socket.once("error", (error) => resolve("code" in error ? String(error.code) : error.message));
  });
  const closed = once(socket, "close");
  socket.destroy();
  await closed;
  return { outcome, blocked, told };
}

describe("a name that is connected to by a rule", () => {
  it("is refused when it leads to what is not listed, without a connection", async () => {
    const { server, port, hits } = await listening();
    const { lookup } = resolver(["127.0.0.1"]);
    const addresses = createAddressRule([]);
    for (const scheme of ["http", "https"]) {
      const seen = await connected({ lookup, addresses, url: `${scheme}://name.test:${port}/` });
      expect(seen.outcome).toBe("LL_EGRESS_BLOCKED");
      expect([seen.blocked, seen.told]).toEqual([["name.test 127.0.0.1"], [false]]);
    }
    expect(hits()).toBe(0);
    server.close();
  });

  it("is refused for one such address among good ones", async () => {
    const { server, port, hits } = await listening();
    const { lookup } = resolver(["127.0.0.1", "169.254.169.254"]);
    const addresses = createAddressRule();
    const seen = await connected({ lookup, addresses, url: `http://name.test:${port}/` });
    expect([seen.outcome, hits()]).toEqual(["LL_EGRESS_BLOCKED", 0]);
    server.close();
  });

  it("is resolved once for a connection, and checked anew for the next", async () => {
    const { server, port } = await listening();
    const { lookup, asked } = resolver(["127.0.0.1"], ["169.254.169.254"]);
    const way = { lookup, addresses: createAddressRule(), url: `http://name.test:${port}/` };
    expect((await connected(way)).outcome).toBe("open");
    expect(asked).toHaveLength(1);
    expect((await connected(way)).outcome).toBe("LL_EGRESS_BLOCKED");
    expect(asked).toHaveLength(2);
    server.close();
  });

  it("keeps the resolver's own error, and needs an address", async () => {
    const failing: LookupFunction = (_host, _options, done) =>
      setImmediate(() => done(Object.assign(new Error("none"), { code: "ENOTFOUND" }), []));
    const addresses = createAddressRule();
    const url = "http://name.test:9/";
    expect((await connected({ lookup: failing, addresses, url })).outcome).toBe("ENOTFOUND");
    const { lookup } = resolver([]);
    expect((await connected({ lookup, addresses, url })).outcome).toBe("ENOTFOUND");
  });
});

describe("the lookup of an egress, for other clients", () => {
  const { lookup: system } = resolver(["93.184.216.34", "2606:4700::1111"]);
  const { lookup } = createEgress({
    allowHosts: ["Name.test"],
    addresses: createAddressRule(),
    lookup: system,
  });
  const resolved = (host: string, all: boolean) =>
    new Promise((resolve) => {
      lookup(host, { all }, (error, address, family) => {
        resolve(error ? error.code : [address, family]);
      });
    });

  it("gives one address or all of them, as it is asked", async () => {
    expect(await resolved("name.TEST", false)).toEqual(["93.184.216.34", 4]);
    const all = [
      { address: "93.184.216.34", family: 4 },
      { address: "2606:4700::1111", family: 6 },
    ];
    expect(await resolved("name.test", true)).toEqual([all, undefined]);
  });

  it("resolves no name that is not allowed", async () => {
    expect(await resolved("other.test", true)).toBe("LL_EGRESS_HOST");
  });
});

it("an address that is written and not listed is refused before anything is opened", () => {
  const blocked: string[] = [];
  const open = (host: string, listed: readonly string[]) => () =>
    createEgress({
      allowHosts: [host],
      addresses: createAddressRule(listed),
      onBlocked: (_host, address) => void blocked.push(address),
    });
  expect(open("127.0.0.1", [])).toThrow(expect.objectContaining({ code: "LL_EGRESS_BLOCKED" }));
  expect(open("::1", ["127.0.0.0/8"])).toThrow("::1");
  expect(open("127.0.0.1", ["127.0.0.0/8"])).not.toThrow();
  expect(blocked).toEqual(["127.0.0.1", "::1"]);
});
