import { parseRange, parseRanges } from "@loadline/kit/ip-ranges";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findExcess, type Grant, intersect } from "./grant.ts";
import { permissions } from "./permissions.ts";

const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { maxLength: 4 });
const maybe = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(one, { nil: undefined, freq: 3 });
const octet = fc.constantFrom(0, 1, 128, 255);
const range = fc
  .tuple(octet, octet, fc.constantFrom(0, 1, 8, 9, 16, 32))
  .map(([a, b, bits]) => `${a}.${b}.0.0/${bits}`);
const setOf = (list: readonly string[]): ReadonlySet<string> => new Set(list);

const grants: fc.Arbitrary<Grant> = fc.record({
  permissions: fc.subarray([...permissions]).map((list) => new Set(list)),
  models: maybe(names.map(setOf)),
  routes: maybe(names.map(setOf)),
  ips: maybe(fc.array(range, { maxLength: 3 })),
  budgetId: maybe(fc.constantFrom("x", "y")),
  rateId: maybe(fc.constantFrom("x", "y")),
  expiresAt: maybe(fc.nat(5)),
});

/** Whether a grant allows one concrete request. */
interface Asked {
  permission: (typeof permissions)[number];
  model: string;
  route: string;
  address: string;
  at: number;
}
const asked: fc.Arbitrary<Asked> = fc.record({
  permission: fc.constantFrom(...permissions),
  model: fc.constantFrom("a", "b", "c", "d", "e"),
  route: fc.constantFrom("a", "b", "c", "d", "e"),
  address: fc.tuple(octet, octet, octet).map(([a, b, c]) => `${a}.${b}.${c}.9`),
  at: fc.nat(6),
});

function allows(grant: Grant, one: Asked): boolean {
  const ips = grant.ips && parseRanges(grant.ips);
  return (
    grant.permissions.has(one.permission) &&
    (grant.models?.has(one.model) ?? true) &&
    (grant.routes?.has(one.route) ?? true) &&
    (ips === undefined || (typeof ips !== "string" && ips.has(one.address))) &&
    one.at < (grant.expiresAt ?? Infinity)
  );
}

const fields = fc.constantFrom("permissions", "models", "routes", "ips", "expiresAt");

const runs = { numRuns: 500 };

describe("grants over random pairs", () => {
  it("the intersection allows exactly what both allow", () => {
    fc.assert(
      fc.property(grants, grants, asked, (a, b, one) => {
        expect(allows(intersect(a, b), one)).toBe(allows(a, one) && allows(b, one));
      }),
      { numRuns: 5000 },
    );
  });

  it("the intersection is a subset of both, budgets and rate classes of the outer kept", () => {
    fc.assert(
      fc.property(grants, grants, (a, b) => {
        const both = intersect(a, b);
        expect(findExcess(both, b)).toBe(undefined);
        const excess = findExcess(both, a);
        expect([undefined, "budgetId", "rateId"]).toContain(excess);
        if (excess === "budgetId") expect(both.budgetId).toBe(b.budgetId);
      }),
      runs,
    );
  });

  it("a subset never allows what the outer grant refuses", () => {
    fc.assert(
      fc.property(grants, grants, asked, fields, (x, b, one, field) => {
        const a: Grant = { ...intersect(x, b), [field]: x[field] };
        if (findExcess(a, b) === undefined && allows(a, one)) expect(allows(b, one)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  it("being a subset is a set order: reflexive and transitive", () => {
    fc.assert(
      fc.property(grants, grants, grants, (a, b, c) => {
        expect(findExcess(a, a)).toBe(undefined);
        const ab = intersect(a, b);
        if (findExcess(ab, b) === undefined && findExcess(b, c) === undefined)
          expect(findExcess(ab, c)).toBe(undefined);
      }),
      runs,
    );
  });

  it("each field that goes beyond is named", () => {
    const one: Grant = { permissions: new Set(["models:read"]) };
    const wide = { models: new Set(["a"]), routes: new Set(["a"]), ips: ["10.0.0.0/8"] };
    const outer: Grant = { ...one, ...wide, budgetId: "x", rateId: "x", expiresAt: 5 };
    expect(findExcess({ ...outer, permissions: new Set(["keys:manage"]) }, outer)).toBe(
      "permissions",
    );
    for (const field of ["models", "routes", "ips", "budgetId", "rateId", "expiresAt"] as const)
      expect(findExcess({ ...outer, [field]: undefined }, outer)).toBe(field);
    expect(findExcess({ ...outer, expiresAt: 6 }, outer)).toBe("expiresAt");
    expect(findExcess({ ...outer, ips: ["11.0.0.0/9"] }, outer)).toBe("ips");
    expect(findExcess({ ...outer, ips: ["no range"] }, outer)).toBe("ips");
    expect(parseRange("no range")).toBe(undefined);
  });
});
