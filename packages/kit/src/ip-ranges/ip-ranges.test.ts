import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BlockList } from "node:net";
import { isRangeWithin, parseAddress, parseRange, parseRanges } from "./index.ts";

const ranges = (...texts: string[]) => {
  const parsed = parseRanges(texts);
  if (typeof parsed === "string") throw new Error(parsed);
  return parsed;
};

describe("ip ranges", () => {
  it("hold the first and the last address of a network and not their neighbours", () => {
    const net = ranges("10.1.4.0/22", "2001:db8::/33");
    for (const inside of ["10.1.4.0", "10.1.7.255", "2001:db8::1", "2001:db8:7fff::"])
      expect(net.has(inside)).toBe(true);
    for (const outside of ["10.1.3.255", "10.1.8.0", "2001:db8:8000::", "2001:db9::", "x", ""])
      expect(net.has(outside)).toBe(false);
  });

  it("take an IPv4 address that arrives in IPv6 form as the IPv4 address", () => {
    expect(ranges("127.0.0.0/8").has("::ffff:127.0.0.1")).toBe(true);
    expect(ranges("127.0.0.0/8").has("::ffff:7f00:1")).toBe(true);
    expect(ranges("127.0.0.1").has("127.0.0.1")).toBe(true);
    expect(ranges("fe80::1").has("fe80::1%eth0")).toBe(true);
  });

  it.each(["10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/08", "10.0.0.0/", "a", "", "fe80::%1/8"])(
    "%j is named as no range",
    (text) => {
      expect(parseRange(text)).toBe(undefined);
      expect(parseRanges(["10.0.0.0/8", text])).toBe(text);
    },
  );

  it("agree with the platform's own list for every address and prefix", () => {
    const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
    const address = octets.map((parts) => parts.join("."));
    fc.assert(
      fc.property(address, address, fc.nat(32), (network, asked, prefix) => {
        const list = new BlockList();
        list.addSubnet(network, prefix, "ipv4");
        expect(ranges(`${network}/${prefix}`).has(asked)).toBe(list.check(asked, "ipv4"));
      }),
    );
    fc.assert(
      fc.property(fc.ipV6(), fc.ipV6(), fc.nat(128), (network, asked, prefix) => {
        const list = new BlockList();
        list.addSubnet(network, prefix, "ipv6");
        expect(parseAddress(asked)).toHaveLength(16);
        expect(ranges(`${network}/${prefix}`).has(asked)).toBe(list.check(asked, "ipv6"));
      }),
    );
  });

  it("a narrower network is within a wider one, never the other way round", () => {
    const within = (inner: string, outer: string): boolean => {
      const [a, b] = [parseRange(inner), parseRange(outer)];
      return a !== undefined && b !== undefined && isRangeWithin(a, b);
    };
    expect(within("10.1.0.0/16", "10.0.0.0/8")).toBe(true);
    expect(within("10.0.0.0/8", "10.0.0.0/8")).toBe(true);
    expect(within("10.0.0.0/8", "10.1.0.0/16")).toBe(false);
    expect(within("11.0.0.0/16", "10.0.0.0/8")).toBe(false);
    expect(within("::/0", "0.0.0.0/0")).toBe(false);
    expect(within("0.0.0.0/0", "::/0")).toBe(true);
  });
});
