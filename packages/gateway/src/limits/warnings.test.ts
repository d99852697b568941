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

describe("warnings of limits", () => {
  it("limits of other things than money give none, whatever has no price", () => {
    const others = ["requests", "tokens", "concurrency"];
    const limits = others.map((resource) => ({ scope: "key", resource, limit: 10 }));
    expect(warningsOf(limits)).toEqual([]);
  });

  it("a budget names each model that has no price at one of its targets, and no other", () => {
    const money = { scope: "tenant", resource: "money", limit: 5, period: "day" };
    const price = { input: 1, output: 2 };
    expect(warningsOf([money])).toEqual([
      "limits[0]: large has no price at a, so each call of it is refused. Set prices.",
      "limits[0]: small has no price at b, so each call of it is refused. Set prices.",
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
