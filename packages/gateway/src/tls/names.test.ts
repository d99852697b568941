import { createSecureContext } from "node:tls";
import { describe, expect, it } from "vitest";
import { ContextsByName, dnsNamesOf } from "./names.ts";

const [one, star, other] = [createSecureContext(), createSecureContext(), createSecureContext()];

describe("dnsNamesOf", () => {
  it("is the DNS names in lower case, and no address, URI or quoted name", () => {
    const names = 'DNS:A.test, IP Address:127.0.0.1, URI:spiffe://a/b, DNS:*.b.test, DNS:"c, d"';
    expect(dnsNamesOf(names)).toEqual(["a.test", "*.b.test"]);
    expect([dnsNamesOf(undefined), dnsNamesOf("")]).toEqual([[], []]);
  });

  it("takes no name out of the middle of a quoted one", () => {
    expect(dnsNamesOf('DNS:"a, DNS:evil.test, b", DNS:own.test')).toEqual(["own.test"]);
    expect(dnsNamesOf('URI:"x:\\", DNS:evil.test, DNS:y", DNS:own.test')).toEqual(["own.test"]);
  });
});

describe("contexts by name", () => {
  const made = new ContextsByName();
  made.add(["a.test", "a.test"], one);
  made.add(["*.a.test", "*.b.test"], star);
  made.add(["x.b.test"], other);

  it.each([
    ["a.test", one],
    ["A.TEST", one],
    ["y.a.test", star],
    ["y.b.test", star],
    ["x.b.test", other],
    ["b.test", undefined],
    ["z.y.b.test", undefined],
    ["", undefined],
    [".b.test", undefined],
    ["*.b.test", star],
    ["atest", undefined],
    ["a.test.", undefined],
  ])("%j: a whole name first, then one label for the star", (name, context) => {
    expect(made.of(name)).toBe(context);
  });

  it("a name twice and no name at all are refused, and nothing of them is kept", () => {
    expect(made.add(["new.test", "*.b.test"], one)).toBe(
      "one before it has the name *.b.test as well",
    );
    expect(made.of("new.test")).toBeUndefined();
    expect(made.add([], one)).toContain("no DNS name");
    expect(new ContextsByName().of("a.test")).toBeUndefined();
  });
});
