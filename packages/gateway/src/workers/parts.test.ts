import { createMetrics } from "@loadline/kit/metrics";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../config/load.ts";
import { isSame } from "../snapshot/compare.ts";
import { explainWorkers } from "./explain.ts";
import { createWorkerMetrics } from "./metrics.ts";
import { packConfig, unpackConfig } from "./pass-config.ts";
import { Restarts } from "./restarts.ts";

describe("a worker that ends again and again", () => {
  it("is replaced after 100 ms, twice as long each time, 10 s at most", () => {
    const restarts = new Restarts();
    const waits = Array.from({ length: 10 }, (_, i) => restarts.ended(i * 10));
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
    expect(restarts.total).toBe(10);
  });

  it("degrades the gateway beyond five ends in a minute, and is forgiven after it", () => {
    const restarts = new Restarts();
    for (let i = 0; i < 5; i++) restarts.ended(i);
    expect(restarts.isDegraded(10)).toBe(false);
    restarts.ended(10);
    expect(restarts.isDegraded(11)).toBe(true);
    expect(restarts.isDegraded(60_003)).toBe(false);
    expect(restarts.ended(200_000)).toBe(100);
  });
});

describe("a configuration on its way to a worker", () => {
  const config = loadConfig(
    undefined,
    { PROVIDER_KEY: "k".repeat(40) },
    {
      targets: {
        a: {
          provider: "openai-compatible",
          baseUrl: "https://a.test/v1",
          model: "m",
          keys: ["${env:PROVIDER_KEY}"],
        },
      },
      routes: { r: { models: ["m"], groups: [{ targets: ["a"] }] } },
      limits: [{ scope: "key", resource: "requests", limit: 10, period: "1m" }],
    },
  );

  it("arrives the same, secrets and absent members included", () => {
    const there = unpackConfig(structuredClone(packConfig(config)));
    expect(isSame(there, config)).toBe(true);
    expect(JSON.stringify(there)).toBe(JSON.stringify(config));
    expect(JSON.stringify(there)).not.toContain("kkkk");
  });
});

describe("metrics of a supervisor", () => {
  it("count what was replaced and show what serves", () => {
    const metrics = createMetrics();
    let restarts = 0;
    createWorkerMetrics(metrics, () => ({ restarts, serving: 3 }));
    expect(metrics.render()).toContain("loadline_worker_restarts_total 0\n");
    restarts = 2;
    for (let i = 0; i < 2; i++)
      expect(metrics.render()).toContain("loadline_worker_restarts_total 2\n");
    expect(metrics.render()).toContain("loadline_workers 3\n");
  });
});

describe("serve --explain", () => {
  it("says that one process does all, or who keeps what", () => {
    const config = loadConfig(undefined, {}, {});
    expect(explainWorkers(config)).toEqual([
      "processes: 1 -> serves, keeps state, starts model hosts",
    ]);
    const several = explainWorkers({ ...config, workers: 2 });
    expect(several[0]).toContain("limits and budgets");
    const redis = { ...config, workers: 2, stores: { ...config.stores, redis: "redis://a" } };
    expect(explainWorkers(redis)[0]).not.toContain("limits and budgets");
  });
});
