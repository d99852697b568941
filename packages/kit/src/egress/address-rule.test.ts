import { describe, expect, it } from "vitest";
import { createAddressRule } from "./index.ts";

const publics = ["93.184.216.34", "2606:4700::1111", "64:ff9b::5db8:d822", "2002:5db8:d822::1"];
const internals = ["10.1.2.3", "100.64.0.1", "127.0.0.1", "172.31.255.255", "192.168.0.1"];
const internals6 = ["::1", "fc00::1", "fd12:3456::1", "::ffff:10.0.0.1", "::ffff:7f00:1"];
const specials = [
  ["0.0.0.0", "this host"],
  ["169.254.169.254", "metadata of most clouds"],
  ["169.254.0.1", "link-local"],
  ["192.0.0.192", "metadata of Oracle"],
  ["198.18.0.1", "benchmarks"],
  ["224.0.0.1", "multicast"],
  ["255.255.255.255", "broadcast"],
  ["240.0.0.1", "reserved"],
  ["::", "unspecified"],
  ["fe80::1", "link-local"],
  ["fe80::1%eth0", "link-local with a zone"],
  ["ff02::1", "multicast"],
  ["100.100.100.200", "metadata of Alibaba"],
  ["168.63.129.16", "the wire server of Azure"],
  ["fd00:ec2::254", "metadata of AWS"],
  ["fd20:ce::254", "metadata of Google"],
  ["::ffff:169.254.169.254", "mapped"],
  ["64:ff9b::a9fe:a9fe", "through NAT64"],
  ["2002:a9fe:a9fe::1", "through 6to4"],
  ["::169.254.169.254", "IPv4-compatible"],
] as const;

describe("a rule without a list", () => {
  const rule = createAddressRule();

  it.each([...publics, ...internals, ...internals6])("lets a name lead to %s", (address) => {
    expect(rule.allows(address, false)).toBe(true);
  });

  it.each(specials)("lets no name lead to %s, %s, which may only be written itself", (address) => {
    expect([rule.allows(address, false), rule.allows(address, true)]).toEqual([false, true]);
  });
});

describe("a rule with a list", () => {
  it.each([...internals, ...internals6, ...specials.map(([address]) => address)])(
    "allows %s only when it is on it, written or not",
    (address) => {
      const [bare = ""] = address.split("%");
      for (const isWritten of [false, true]) {
        expect(createAddressRule([]).allows(address, isWritten)).toBe(false);
        expect(createAddressRule([bare]).allows(address, isWritten)).toBe(true);
      }
    },
  );

  it.each(publics)("allows %s, which is public", (address) => {
    expect(createAddressRule([]).allows(address, false)).toBe(true);
  });

  it("an embedded address counts as itself even where its range is listed", () => {
    const rule = createAddressRule(["10.0.0.0/8"]);
    expect(rule.allows("10.9.9.9", false)).toBe(true);
    expect(rule.allows("::ffff:10.9.9.9", false)).toBe(true);
    expect(rule.allows("64:ff9b::7f00:1", false)).toBe(false);
  });
});

it.each(["", "localhost", "127.1", "1.2.3", "::g"])(
  "%j is no address and never allowed",
  (text) => {
    expect([
      createAddressRule().allows(text, true),
      createAddressRule([]).allows(text, true),
    ]).toEqual([false, false]);
  },
);
