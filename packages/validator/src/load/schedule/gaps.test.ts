import { seededRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import type { ArrivalScenario } from "../types.ts";
import { arrivalChunks } from "./arrivals.ts";
import { createGaps } from "./gaps.ts";

const count = 20_000;

function draw(shape: number, seed: number): number[] {
  const gap = createGaps({ arrivals: "gamma", burstiness: shape }, seededRandom(seed));
  if (gap === null) throw new Error("gamma gaps are drawn");
  return Array.from({ length: count }, gap);
}

/** Largest distance between what was drawn and a distribution. */
function distance(values: readonly number[], cdf: (x: number) => number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.reduce((most, x, i) => {
    const p = cdf(x);
    return Math.max(most, p - i / sorted.length, (i + 1) / sorted.length - p);
  }, 0);
}

/** Refused once in a thousand samples that are as they should be. */
const critical = 1.95 / Math.sqrt(count);

/** Gamma of a whole shape and mean 1 (Erlang): 1 - e^-kx sum (kx)^i / i!. */
const erlang =
  (shape: number) =>
  (x: number): number => {
    let term = 1;
    let sum = 1;
    for (let i = 1; i < shape; i++) {
      term *= (shape * x) / i;
      sum += term;
    }
    return 1 - Math.exp(-shape * x) * sum;
  };

/** Gamma of shape 1/2 and mean 1: the square of a normal, by its error function. */
function chi(x: number): number {
  return erf(Math.sqrt(x / 2));
}

/** Abramowitz and Stegun 7.1.26: off by at most 1.5e-7. */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * x);
  const poly =
    ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return 1 - poly * Math.exp(-x * x);
}

describe("gaps", () => {
  it("gamma gaps follow their distribution: Kolmogorov-Smirnov at 0.1 %", () => {
    for (const shape of [1, 2, 5]) {
      expect(distance(draw(shape, 7), erlang(shape))).toBeLessThan(critical);
    }
    expect(distance(draw(0.5, 7), chi)).toBeLessThan(critical);
  });

  it("neighbouring distributions are told apart by the same figure", () => {
    expect(distance(draw(2, 7), erlang(3))).toBeGreaterThan(critical);
    expect(distance(draw(1.1, 7), erlang(1))).toBeGreaterThan(critical);
  });

  it("gaps have mean 1 and a variance of 1 / burstiness", () => {
    for (const shape of [0.25, 1, 4]) {
      const all = draw(shape, 3);
      const mean = all.reduce((sum, x) => sum + x, 0) / count;
      const variance = all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / count;
      expect(Math.abs(mean - 1)).toBeLessThan(5 / Math.sqrt(count * shape));
      expect(variance * shape).toBeGreaterThan(0.85);
      expect(variance * shape).toBeLessThan(1.15);
    }
  });

  it("gamma of burstiness 1 is spread as poisson is, and even gaps are not drawn", () => {
    const poisson = createGaps({ arrivals: "poisson" }, seededRandom(7));
    const all = Array.from({ length: count }, () => poisson?.() ?? 0);
    expect(distance(all, erlang(1))).toBeLessThan(critical);
    expect(createGaps({}, seededRandom(7))).toBeNull();
  });

  it("a seed gives one schedule, another seed another, and a moved arrival is another hash", () => {
    const scenario: ArrivalScenario = {
      executor: "constant-arrival-rate",
      rate: 50,
      durationMs: 20_000,
      arrivals: "gamma",
      burstiness: 0.5,
      request: { kind: "http", method: "GET", path: "/" },
    };
    const offsets = (seed: number): number[] =>
      [...arrivalChunks(scenario, seed)].flatMap((chunk) => [...chunk]);
    expect(offsets(1)).toEqual(offsets(1));
    expect(offsets(1)).not.toEqual(offsets(2));
  });
});
