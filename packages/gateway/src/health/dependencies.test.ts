import { createMetrics } from "@loadline/kit/metrics";
import { describe, expect, it } from "vitest";
import { createDependencies, type DependencyHealth } from "./dependencies.ts";

const sample = (text: string, name: string): string | undefined =>
  text
    .split("\n")
    .find((line) => line.startsWith(`loadline_dependency_state{dependency="${name}"`));

describe("dependencies", () => {
  it("one that nobody added is disabled in the metric and absent from the components", () => {
    const metrics = createMetrics();
    const dependencies = createDependencies(metrics);
    expect(sample(metrics.render(), "redis")).toContain(" 3");
    expect(dependencies.components()).toEqual({});
  });

  it("metric and component follow what the dependency says now", () => {
    const metrics = createMetrics();
    const dependencies = createDependencies(metrics);
    let health: DependencyHealth = { state: "ok", sinceMs: 0, latencyMs: 1.2345 };
    dependencies.add("sql", true, () => health);
    expect(dependencies.components()["sql"]).toEqual({
      required: true,
      state: "ok",
      since: "1970-01-01T00:00:00.000Z",
      latencyMs: 1.23,
    });
    expect(sample(metrics.render(), "sql")).toContain(" 0");
    health = { state: "down", code: "LL_STATE_UNAVAILABLE" };
    expect(sample(metrics.render(), "sql")).toContain(" 2");
    expect(dependencies.components()["sql"]).toEqual({ required: true, ...health });
  });

  it("the file that is at fault is named as long as its part says so", () => {
    const dependencies = createDependencies(createMetrics());
    let health: DependencyHealth = { state: "down", path: "/state/loadline.db" };
    dependencies.add("sql", true, () => health);
    expect(dependencies.components()["sql"]).toMatchObject({ path: "/state/loadline.db" });
    health = { state: "ok" };
    expect(dependencies.components()["sql"]).not.toHaveProperty("path");
  });

  it("names as down what is required only", () => {
    const dependencies = createDependencies(createMetrics());
    dependencies.add("redis", false, () => ({ state: "down" }));
    expect(dependencies.down()).toEqual([]);
    dependencies.add("sql", true, () => ({ state: "down" }));
    expect(dependencies.down()).toEqual(["sql"]);
    dependencies.add("sql", true, () => ({ state: "degraded" }));
    expect(dependencies.down()).toEqual([]);
  });
});
