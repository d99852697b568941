import { describe, expect, it } from "vitest";
import { loadConfig } from "../config/load.ts";
import { limitWarnings } from "./warnings.ts";

const targets = {
  a: { provider: "simulator", model: "large-1" },
  b: { provider: "simulator", model: "large-2" },
};
const routes = {
  chat: { models: ["large"], groups: [{ targets: ["a", "b"] }] },
  quick: { models: ["small"], groups: [{ targets: ["b"] }] },
};

const warningsOf = (limits: readonly object[], more: object = {}): string[] =>
  limitWarnings(loadConfig(undefined, {}, { targets, routes, limits, ...more }));
const requests = (scope: string, match?: string | readonly string[]): object => {
  return { scope, resource: "requests", limit: 10, ...(match !== undefined && { match }) };
};

describe("warnings of limits", () => {
  it("limits of other things than money give none, whatever has no price", () => {
    const others = ["requests", "tokens", "concurrency"];
    const limits = others.map((resource) => ({ scope: "key", resource, limit: 10 }));
    expect(warningsOf(limits)).toEqual([]);
  });

  it("a limit that calls meet gives none, nor one of keys and tenants that may yet come", () => {
    const met = [requests("global"), requests("model"), requests("route", "chat")];
    const named = [requests("model", ["large", "small"]), requests("key", "k1")];
    expect(warningsOf([...met, ...named, requests("tenant", "acme")])).toEqual([]);
  });

  it("those of gateways that share a PostgreSQL are shared in Redis alone, and are warned of without it", () => {
    const sql = "postgres://loadline@db/loadline";
    const limits = [requests("global")];
    expect(warningsOf(limits, { stores: { sql } })).toEqual([
      expect.stringMatching(/^limits hold in each gateway by itself: .* Set stores\.redis/),
    ]);
    const redis = "redis://cache:6379";
    const none = [
      warningsOf(limits, { stores: { sql, redis } }),
      warningsOf(limits, { stores: { sql: "sqlite:/var/x.db" } }),
      warningsOf([], { stores: { sql } }),
    ];
    expect(none).toEqual([[], [], []]);
  });

  it("a misspelt model or route limits nothing, and says which name was meant", () => {
    expect(warningsOf([requests("model", ["large", "smal"]), requests("route", "chatt")])).toEqual([
      'limits[0].match: no route serves the model "smal", so it limits nothing. Did you mean "small"?',
      'limits[1].match: no route has the name "chatt", so it limits nothing. Did you mean "chat"?',
    ]);
  });

  it("a model's name at its upstream is not what clients ask for", () => {
    expect(warningsOf([requests("model", "large-1")])).toHaveLength(1);
  });

  it("a global limit with names applies to nothing", () => {
    expect(warningsOf([requests("global", "chat")])).toEqual([
      expect.stringContaining("applies to nothing"),
    ]);
  });

  it("a budget names each model that has no price at one of its targets, and no other", () => {
    const money = { scope: "tenant", resource: "money", limit: 5, period: "day" };
    const price = { input: 1, output: 2 };
    expect(warningsOf([money])).toEqual([
      "limits[0]: large has no price at a, so each call that this limit is for is refused. Set prices.",
      "limits[0]: small has no price at b, so each call that this limit is for is refused. Set prices.",
    ]);
    expect(warningsOf([money], { prices: { large: price, "large-2": price } })).toEqual([]);
    expect(warningsOf([money], { prices: { "large-1": price, small: price } })).toEqual([
      expect.stringMatching(/large has no price at b/),
    ]);
    const onlySmall = { ...money, scope: "model", match: "small" };
    expect(warningsOf([onlySmall])).toEqual([expect.stringContaining("small has no price")]);
    const onlyQuick = { ...money, scope: "route", match: ["quick"] };
    expect(warningsOf([onlyQuick])).toEqual([expect.stringContaining("small has no price")]);
  });
});
