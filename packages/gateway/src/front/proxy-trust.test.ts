import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ProxyTrust, proxyTrust } from "./proxy-trust.ts";

function trust(...ranges: string[]): ProxyTrust {
  const made = proxyTrust(ranges);
  if (typeof made !== "function") throw new Error(String(made));
  return made;
}

const inner = trust("10.0.0.0/8", "::1", "fd00::/8");

describe("the address of a client behind proxies", () => {
  it("is the peer's own when the peer is no trusted proxy, whatever it claims", () => {
    expect(inner("203.0.113.9", ["X-Forwarded-For", "198.51.100.1"])).toBe("203.0.113.9");
    expect(inner("", ["x-forwarded-for", "198.51.100.1"])).toBe("");
  });

  it("is the right-most that is not trusted: what a client forged stands left of it", () => {
    const forged = "127.0.0.1, 10.9.9.9, 198.51.100.1, 10.0.0.2";
    expect(inner("10.0.0.1", ["X-Forwarded-For", forged])).toBe("198.51.100.1");
    expect(inner("::ffff:10.0.0.1", ["X-FORWARDED-FOR", forged])).toBe("198.51.100.1");
  });

  it("reads repeated headers as one list in their order", () => {
    const headers = [
      "x-forwarded-for",
      "1.1.1.1",
      "accept",
      "9.9.9.9",
      "X-Forwarded-For",
      "10.1.1.1",
    ];
    expect(inner("10.0.0.1", headers)).toBe("1.1.1.1");
  });

  it.each([
    ["198.51.100.7:4711", "198.51.100.7"],
    ["[2001:db8::7]:443", "2001:db8::7"],
    ["[2001:db8::7]", "2001:db8::7"],
    ["2001:db8::7", "2001:db8::7"],
  ])("takes %s as %s", (value, address) => {
    expect(inner("10.0.0.1", ["x-forwarded-for", value])).toBe(address);
  });

  it.each([
    "unknown",
    "_hidden",
    "",
    ",",
    "1.2.3.4.5",
    "1.2.3.4:x",
    "[1.2.3.4]",
    "a%0a",
    "fe80::1%eth0",
  ])("stops at %j: the proxy itself is who is known", (value) => {
    expect(inner("10.0.0.1", ["x-forwarded-for", `8.8.8.8, ${value}`])).toBe("10.0.0.1");
  });

  it("is the left-most when every hop is trusted, and the peer's without a header", () => {
    expect(inner("10.0.0.1", ["x-forwarded-for", "10.3.3.3, 10.2.2.2"])).toBe("10.3.3.3");
    expect(inner("10.0.0.1", ["host", "a"])).toBe("10.0.0.1");
  });

  it("looks through 32 proxies and believes none before them", () => {
    const hops = Array.from({ length: 40 }, (_, i) => `10.0.1.${i}`);
    expect(inner("10.0.0.1", ["x-forwarded-for", ["8.8.8.8", ...hops].join(",")])).toBe("10.0.1.8");
  });

  it("nobody before an untrusted hop can change it", () => {
    const text = fc.string({ maxLength: 60 });
    const address = fc.tuple(
      fc.integer({ min: 11, max: 126 }),
      fc.nat(255),
      fc.nat(255),
      fc.nat(255),
    );
    fc.assert(
      fc.property(text, address, (before, parts) => {
        const client = parts.join(".");
        const headers = ["x-forwarded-for", before, "x-forwarded-for", `${client}, 10.1.2.3`];
        expect(inner("10.0.0.1", headers)).toBe(client);
      }),
    );
  });

  it("no range trusts nobody, a text that is none is named", () => {
    expect(proxyTrust([])).toBeUndefined();
    expect(proxyTrust(["10.0.0.0/8", "10.0.0/99"])).toBe("10.0.0/99");
  });
});
