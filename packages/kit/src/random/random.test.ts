import { describe, expect, it } from "vitest";
import { seededRandom, systemRandom } from "./index.ts";

describe("random", () => {
  it("equal seeds give equal sequences, other seeds others", () => {
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 50 }, () => random.unit());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it("unit stays in [0, 1) with a mean near one half", () => {
    const random = seededRandom(1);
    let sum = 0;
    for (let i = 0; i < 100_000; i++) {
      const x = random.unit();
      if (x < 0 || x >= 1) throw new Error(`out of range: ${x}`);
      sum += x;
    }
    expect(Math.abs(sum / 100_000 - 0.5)).toBeLessThan(0.005);
  });

  it("below reaches every value and no other", () => {
    const random = seededRandom(3);
    const seen = new Set(Array.from({ length: 1000 }, () => random.below(6)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("system bytes have the asked length and differ between calls", () => {
    const random = systemRandom();
    expect(random.bytes(16)).toHaveLength(16);
    expect(random.bytes(16)).not.toEqual(random.bytes(16));
  });
});
