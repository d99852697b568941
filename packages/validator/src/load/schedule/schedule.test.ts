import { describe, expect, it } from "vitest";
import type { ArrivalScenario, LoadPlan } from "../types.ts";
import { arrivalChunks, chunkMs, pickIndex, scenarioSeed } from "./arrivals.ts";
import { digestSchedule } from "./hash.ts";

const even: ArrivalScenario = {
  executor: "constant-arrival-rate",
  rate: 200,
  durationMs: 25_000,
  request: { kind: "http", method: "GET", path: "/" },
};
const poisson: ArrivalScenario = { ...even, arrivals: "poisson" };

const offsets = (scenario: ArrivalScenario, seed = 7): number[] =>
  [...arrivalChunks(scenario, seed)].flatMap((chunk) => [...chunk]);

describe("schedule", () => {
  it("even arrivals are exact multiples of the gap, one per gap and none at the end", () => {
    const all = offsets(even);
    expect(all).toHaveLength(5000);
    all.forEach((ms, i) => expect(ms).toBe(i * 5));
    expect(offsets({ ...even, rate: 200, durationMs: 3000 })).toHaveLength(600);
    expect(offsets({ ...even, rate: 0.5, durationMs: 5000 })).toEqual([0, 2000, 4000]);
  });

  it("poisson gaps are exponential with the rate's mean: Kolmogorov-Smirnov at 0.1 %", () => {
    const all = offsets({ ...poisson, durationMs: 50_000 });
    const gaps = all.map((ms, i) => (ms - (all[i - 1] ?? 0)) / 5).toSorted((a, b) => a - b);
    let distance = 0;
    gaps.forEach((gap, i) => {
      const cdf = 1 - Math.exp(-gap);
      distance = Math.max(distance, cdf - i / gaps.length, (i + 1) / gaps.length - cdf);
    });
    expect(Math.abs(all.length - 10_000)).toBeLessThan(4 * Math.sqrt(10_000));
    expect(distance).toBeLessThan(1.95 / Math.sqrt(gaps.length));
  });

  it("offsets ascend, stay below the duration and fall into their 10 s chunk", () => {
    for (const scenario of [even, poisson]) {
      const chunks = [...arrivalChunks(scenario, 3)];
      expect(chunks).toHaveLength(3);
      let last = -1;
      chunks.forEach((chunk, c) => {
        for (const ms of chunk) {
          expect(ms).toBeGreaterThan(last);
          expect(ms).toBeLessThan(Math.min((c + 1) * chunkMs, scenario.durationMs));
          expect(ms).toBeGreaterThanOrEqual(c * chunkMs);
          last = ms;
        }
      });
    }
  });

  it("equal seeds give equal arrivals, other seeds and scenario names others", () => {
    expect(offsets(poisson, 1)).toEqual(offsets(poisson, 1));
    expect(offsets(poisson, 1)).not.toEqual(offsets(poisson, 2));
    expect(scenarioSeed(7, "a")).not.toBe(scenarioSeed(7, "b"));
    expect(scenarioSeed(7, "a")).not.toBe(scenarioSeed(8, "a"));
  });

  it("the hash covers every arrival, seed, name and request, and nothing of the order of keys", () => {
    const plan = (scenarios: LoadPlan["scenarios"], seed = 7): LoadPlan => ({
      target: { baseUrl: "http://127.0.0.1" },
      seed,
      scenarios,
      limits: [],
    });
    const base = digestSchedule(plan({ a: even, b: poisson }));
    expect(digestSchedule(plan({ b: poisson, a: even })).hash).toBe(base.hash);
    expect([...base.planned.values()][0]).toBe(5000);
    const others = [
      plan({ a: even, b: poisson }, 8),
      plan({ a: even, c: poisson }),
      plan({ a: even, b: { ...poisson, rate: 201 } }),
      plan({ a: { ...even, request: { kind: "http", method: "GET", path: "/x" } }, b: poisson }),
    ].map((other) => digestSchedule(other).hash);
    expect(new Set([base.hash, ...others]).size).toBe(5);
  });

  it("picks of a prompt are even over their count", () => {
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 4000; i++) {
      const at = pickIndex(7, i, 4);
      counts[at] = (counts[at] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
