import { describe, expect, it } from "vitest";
import { limitsSection } from "./config.ts";
import { compileLimits } from "./dimension.ts";
import { Plan } from "./plan.ts";
import { sharedParts, tagOf } from "./redis-keys.ts";

const entries = [
  { scope: "key", resource: "requests", limit: 10 },
  { scope: "global", resource: "money", limit: 1, period: "day" },
  { scope: "tenant", resource: "tokens", limit: 100 },
  { scope: "model", resource: "concurrency", limit: 3 },
] as const;

function planOf(count: number = entries.length): Plan {
  const dims = compileLimits(limitsSection.parse(entries.slice(0, count)));
  const ids = dims.map(({ key }) => `${key}|x`);
  return new Plan({ dims, ids, caps: 0, principal: undefined, routeName: "r" });
}

describe("keys of shared limits", () => {
  it("on one server one call looks at all of them, in the plan's order", () => {
    const [part, ...more] = sharedParts(planOf(), false);
    expect(more).toEqual([]);
    expect(part).toMatchObject({ leases: "{ll}:leases", at: [0, 1, 2, 3], isPartial: false });
  });

  it("on a cluster every key of a call, its leases too, has one hash tag, and so one slot", () => {
    const parts = sharedParts(planOf(), true);
    expect(parts.map(({ at }) => at)).toEqual([
      [0, 2],
      [1, 3],
    ]);
    for (const { keys, leases, head } of parts) {
      expect(head).toEqual([leases, `${tagOf(leases)}:replicas`]);
      expect(new Set([...head, ...keys].map(tagOf)).size).toBe(1);
    }
    expect(parts.map(({ leases }) => leases)).toEqual(["{ll:default}:leases", "{ll}:leases"]);
    expect(parts.every(({ isPartial }) => isPartial)).toBe(true);
  });

  it("the store is told of each limiter in the same order, of requests on a cluster that they may be given back", () => {
    expect(sharedParts(planOf(), false).map(({ laws }) => laws)).toEqual([
      "r 6000000 6000000 m 0 1000000000 t 0 60000000 c 3 0",
    ]);
    expect(sharedParts(planOf(), true).map(({ laws }) => laws)).toEqual([
      "R 6000000 6000000 t 0 60000000",
      "m 0 1000000000 c 3 0",
    ]);
  });

  it("a plan of one tag alone is one whole call on a cluster too", () => {
    const [part, ...more] = sharedParts(planOf(1), true);
    expect(more).toEqual([]);
    expect(part?.isPartial).toBe(false);
  });
});
