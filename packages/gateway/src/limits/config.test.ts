import { describe, expect, it } from "vitest";
import { loadConfig } from "../config/load.ts";
import { limitsSection } from "./config.ts";
import { compileLimits } from "./dimension.ts";

const faultOf = (entry: Record<string, unknown>): string => {
  const result = limitsSection.safeParse([entry]);
  const issue = result.error?.issues[0];
  return issue ? `${issue.path.join(".")}: ${issue.message}` : "none";
};
const requests = { scope: "key", resource: "requests", limit: 100, period: "1m" };
const money = { scope: "key", resource: "money", limit: 1.5, period: "day" };

describe("the configuration of limits", () => {
  it("refuses what no law can hold, with the path of the figure", () => {
    expect(faultOf(requests)).toBe("none");
    expect(faultOf({ ...requests, limit: 1.5 })).toBe("0.limit: expected an integer");
    expect(faultOf({ ...requests, limit: 0 })).toContain("0.limit");
    expect(faultOf({ ...requests, period: "day" })).toBe("0.period: expected a duration");
    expect(faultOf({ ...requests, period: "2d" })).toContain("0.period");
    expect(faultOf({ ...requests, limit: 1, period: "24h", burst: 1e8 })).toContain("0.burst");
    expect(faultOf({ ...requests, unknown: 1 })).toContain("unknown");
    expect(faultOf(money)).toBe("none");
    expect(faultOf({ ...money, period: "1m" })).toContain("0.period: expected day, month or total");
    expect(faultOf({ ...money, burst: 3 })).toBe("0.burst: a budget has no burst");
    expect(faultOf({ ...money, limit: 9_000_001 })).toContain("0.limit");
    const slots = { scope: "global", resource: "concurrency", limit: 5 };
    expect(faultOf(slots)).toBe("none");
    expect(faultOf({ ...slots, burst: 3 })).toBe("0.burst: slots have no burst");
    for (const limit of [requests, slots])
      expect(faultOf({ ...limit, estimate: "upper" })).toBe(
        "0.estimate: only tokens and money are estimated",
      );
    expect(faultOf({ ...money, estimate: "upper" })).toBe("none");
  });

  it("gives requests a tenth as burst and tokens all of it; one written twice counts once", () => {
    const tokens = { ...requests, resource: "tokens" } as const;
    const dims = compileLimits(limitsSection.parse([requests, tokens, requests]));
    expect(dims.map(({ name, law }) => [name, law?.burst])).toEqual([
      ["key/requests", 10],
      ["key/tokens", 100],
    ]);
  });

  it("has only the concurrency caps by default, and no store to share", () => {
    const config = loadConfig(undefined, {}, {});
    expect(config.limits).toEqual([]);
    expect(config.concurrency).toEqual({ key: 256, global: 4096 });
    expect(config.stores.redis).toBeNull();
    expect(config.addressLimit).toEqual({ failuresPerMinute: 100, addressesMax: 100_000 });
  });

  it("refuses an address of Redis that is none", () => {
    expect(() => loadConfig(undefined, {}, { stores: { redis: "localhost:6379" } })).toThrow(
      /stores\.redis/,
    );
  });
});
