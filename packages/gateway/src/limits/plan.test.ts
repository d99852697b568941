import { TestClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import type { Exchange } from "../pipeline/exchange.ts";
import { limitsSection } from "./config.ts";
import { compileLimits } from "./dimension.ts";
import { type Caller, exchangeOf } from "./limits.fixture.ts";
import { createPlanner, type Plan } from "./plan.ts";

const clock = new TestClock();
const limit = { resource: "requests", limit: 1, period: "1h" };

function plannerOf(...limits: readonly object[]) {
  return createPlanner({ caps: [], limits: compileLimits(limitsSection.parse(limits)) });
}

/** A call of one key: its principal is the same object as long as nothing about the key changed. */
function callOf(caller: Caller, like?: Exchange): Exchange {
  const x = exchangeOf({ key: "k", ...caller }, clock);
  if (like) x.principal = like.principal;
  return x;
}

/** Names of the limiters that a plan holds, without the limits' own names. */
const names = (plan: Plan): string[] => plan.ids.map((id) => id.slice(id.indexOf("|") + 1));

describe("the limits of a call", () => {
  it("are sought once for a key and a model, as long as key and route are what they were", () => {
    const planner = plannerOf({ ...limit, scope: "key" });
    const first = callOf({ model: "a" });
    const plan = planner.of(first);
    expect(planner.of(callOf({ model: "a" }, first))).toBe(plan);
    const other = planner.of(callOf({ model: "b" }, first));
    expect(other).not.toBe(plan);
    expect(planner.of(callOf({ model: "a" }, first))).toBe(plan);
  });

  it("follow a key that was given another tenant, budget or rate class", () => {
    const planner = plannerOf(
      { ...limit, scope: "key", match: ["gold"] },
      { ...limit, scope: "tenant" },
      { scope: "key", match: ["b1"], resource: "money", limit: 1, period: "day" },
    );
    expect(names(planner.of(callOf({})))).toEqual(["default"]);
    expect(names(planner.of(callOf({ rateId: "gold" })))).toEqual(["k", "default"]);
    expect(names(planner.of(callOf({ tenant: "acme" })))).toEqual(["acme"]);
    expect(names(planner.of(callOf({ budgetId: "b1" }))).toSorted()).toEqual([
      "budget:b1",
      "default",
    ]);
    expect(names(planner.of(callOf({})))).toEqual(["default"]);
  });

  it("follow a model that another route serves now", () => {
    const planner = plannerOf({ ...limit, scope: "route" });
    const first = callOf({});
    const moved = callOf({}, first);
    if (moved.route) moved.route = { ...moved.route, name: "elsewhere" };
    expect(names(planner.of(first))).toEqual(["r"]);
    expect(names(planner.of(moved))).toEqual(["elsewhere"]);
  });

  it("are those that match: a model, a route, a tenant or a key that is not named has none", () => {
    const planner = plannerOf(
      { ...limit, scope: "model", match: ["a"] },
      { ...limit, scope: "key", match: ["k"] },
      { ...limit, scope: "tenant", match: ["acme"] },
      { ...limit, scope: "route", match: ["elsewhere"] },
      { ...limit, scope: "global" },
    );
    expect(names(planner.of(callOf({ model: "a" })))).toEqual(["a", "k", ""]);
    expect(names(planner.of(callOf({ model: "b", key: "other", tenant: "acme" })))).toEqual([
      "acme",
      "",
    ]);
  });

  it("of a budget are its tenant's, whatever its id is", () => {
    const match = ["x", "x@acme", "x%40acme"];
    const planner = plannerOf({ scope: "key", match, resource: "money", limit: 1, period: "day" });
    // An id of a key has no such sign, one of a tenant's policy may.
    const callers = [
      { tenant: "acme", budgetId: "x" },
      { tenant: "default", budgetId: "x@acme" },
      { tenant: "default", budgetId: "x%40acme" },
      { tenant: "acme", budgetId: "x@acme" },
      { tenant: "default", budgetId: "x" },
    ];
    const limiters = callers.flatMap((caller, i) =>
      names(planner.of(callOf({ key: `k${i}`, ...caller }))),
    );
    expect(limiters).toHaveLength(callers.length);
    expect(new Set(limiters).size).toBe(callers.length);
    expect(limiters[0]).toBe("budget:x@acme");
  });

  it("are not one for lists of names that only look alike", () => {
    const lists = [["a", "b"], ["a,b"], ["a%2Cb"], ["a"], ["a|b"], ["*"], undefined];
    const money = { scope: "model", resource: "money", limit: 1, period: "day" };
    const dims = compileLimits(
      limitsSection.parse(lists.map((match) => ({ ...money, ...(match && { match }) }))),
    );
    expect(dims).toHaveLength(lists.length);
    const ids = dims.map(({ key }) => `${key}|`);
    for (const id of ids) expect(ids.filter((other) => other.startsWith(id))).toEqual([id]);
  });

  it("are forgotten all at once beyond 100,000 plans, and found again", () => {
    const planner = plannerOf({ ...limit, scope: "global" });
    const first = callOf({ model: "m" });
    const plan = planner.of(first);
    const x = callOf({}, first);
    for (let i = 1; i < 100_000; i++) {
      x.keyId = `k${i}`;
      planner.of(x);
    }
    expect(planner.of(first)).toBe(plan);
    x.keyId = "one more";
    planner.of(x);
    expect(planner.of(first)).not.toBe(plan);
    expect(names(planner.of(first))).toEqual([""]);
  });
});
