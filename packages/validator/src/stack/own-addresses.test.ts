import { describe, expect, it } from "vitest";
import { makeFolder } from "./stubs/folder.ts";
import { isOwnHost } from "./wire/own-addresses.ts";

const trie = `Local:
  +-- 0.0.0.0/0 3 0 5
     |-- 192.0.2.0
        /24 link UNICAST
     |-- 192.0.2.7
        /32 host LOCAL
     |-- 192.0.2.255
        /32 link BROADCAST
`;
const six = "20010db800000000000000000000000a 02 40 00 80     eth0\n";

describe("the machine of a procfs", () => {
  it("is loopback, and the addresses its kernel calls its own; a broadcast is none", async () => {
    await using folder = await makeFolder({ "net/fib_trie": trie, "net/if_inet6": six });
    const hosts = ["127.0.0.1", "localhost", "[::1]", "192.0.2.7", "[2001:db8::a]"];
    for (const host of hosts) expect(await isOwnHost(folder.path, host), host).toBe(true);
    const others = ["192.0.2.8", "192.0.2.255", "[2001:db8::b]"];
    for (const host of others) expect(await isOwnHost(folder.path, host), host).toBe(false);
  });

  it("that tells no addresses is loopback alone", async () => {
    await using folder = await makeFolder({ "net/tcp": "" });
    expect(await isOwnHost(folder.path, "127.0.0.1")).toBe(true);
    expect(await isOwnHost(folder.path, "192.0.2.7")).toBe(false);
  });
});
