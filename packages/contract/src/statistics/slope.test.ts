import { describe, expect, test } from "vitest";
import { slopeBlocks, slopeInterval } from "./slope.ts";

const z95 = 1.645;

/** A small generator of its own, so that every run sees the same noise. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
}

const seriesOf = (n: number, value: (at: number) => number): [number, number][] =>
  Array.from({ length: n }, (_, at) => [at * 1_000, value(at)]);

describe("slope of a series", () => {
  test("a line has its own slope, with no width", () => {
    const slope = slopeInterval(
      seriesOf(600, (at) => 5 + at * 2),
      z95,
    );
    expect(slope?.lower).toBeCloseTo(0.002, 12);
    expect(slope?.upper).toBeCloseTo(0.002, 12);
    expect(slope?.n).toBe(600);
  });

  test("noise around a level holds zero in the interval in about nine of ten series", () => {
    let held = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const next = noise(seed * 7_919);
      const slope = slopeInterval(
        seriesOf(300, () => 100 + 20 * next()),
        z95,
      );
      if (slope !== null && slope.lower <= 0 && slope.upper >= 0) held++;
    }
    // 90 % two-sided; the exact binomial interval of 200 draws is 170..191 at 99.9 %.
    expect(held).toBeGreaterThanOrEqual(165);
  });

  test("a saw-tooth of a collector is no growth, a leak below it is found", () => {
    const next = noise(11);
    const tooth = (at: number): number => (at % 17) * 3 + next();
    const flat = slopeInterval(seriesOf(1_800, tooth), z95);
    expect(flat?.lower).toBeLessThanOrEqual(0);
    expect(flat?.upper).toBeGreaterThanOrEqual(0);
    const leaking = slopeInterval(
      seriesOf(1_800, (at) => tooth(at) + at * 0.02),
      z95,
    );
    expect(leaking?.lower).toBeGreaterThan(0);
    expect(leaking?.median).toBeCloseTo(0.000_02, 5);
  });

  test("fewer than two samples a block, or one moment alone, give no slope", () => {
    const few = seriesOf(slopeBlocks * 2 - 1, (at) => at);
    expect(slopeInterval(few, z95)).toBeNull();
    const still = Array.from({ length: 100 }, (): [number, number] => [5, 1]);
    expect(slopeInterval(still, z95)).toBeNull();
  });

  test("one wild sample moves nothing", () => {
    const calm = seriesOf(600, () => 100);
    calm[300] = [300_000, 1e12];
    expect(slopeInterval(calm, z95)).toMatchObject({ lower: 0, median: 0, upper: 0 });
  });
});
