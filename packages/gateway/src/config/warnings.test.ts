import { describe, expect, it } from "vitest";
import { loadConfig } from "./load.ts";
import { configWarnings } from "./warnings.ts";

const targets = { a: { provider: "simulator" }, b: { provider: "simulator" } };
const route = (...names: readonly string[]): object => {
  return { models: ["m"], groups: [{ targets: names }] };
};
const warningsOf = (values: Record<string, unknown>): string[] =>
  configWarnings(loadConfig(undefined, {}, values));

describe("warnings of a configuration that holds", () => {
  it("one whose every part is used gives none", () => {
    expect(warningsOf({ targets, routes: { r: route("a", "b") } })).toEqual([]);
  });

  it("a target of no route is named, and a gateway without a route says that it serves nothing", () => {
    const one = { breaker: { rate: 0.9 } };
    const alone = {
      targets: { ...targets, a: { ...targets.a, ...one } },
      routes: { r: route("a") },
    };
    expect(warningsOf(alone)).toEqual(["targets.b is of no route, so it gets no call."]);
    expect(warningsOf({})).toEqual([expect.stringContaining("there is no route")]);
  });

  it("a target that a route names for long prompts alone is of that route", () => {
    const long = { ...route("a"), onContextLength: "b" };
    expect(warningsOf({ targets, routes: { r: long } })).not.toContainEqual(
      expect.stringContaining("targets.b"),
    );
  });

  it("those of routes and of limits are among them", () => {
    const limits = [{ scope: "key", resource: "money", limit: 1, period: "day" }];
    const found = warningsOf({ targets: { a: targets.a }, routes: { r: route("a") }, limits });
    expect(found).toEqual([
      expect.stringMatching(/^routes\.r has one target/),
      expect.stringMatching(/^limits\[0\]: m has no price at a/),
    ]);
  });
});
