import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMix, shuffle } from "./mix.ts";

describe("mix", () => {
  it("50/30/20 is 5, 3 and 2 of every ten, in an order that changes", () => {
    const mix = createMix([50, 30, 20], 7);
    expect(mix.block).toBe(10);
    const orders = new Set<string>();
    for (let block = 0; block < 50; block++) {
      const picks = Array.from({ length: 10 }, (_, i) => mix.at(block * 10 + i));
      expect([0, 1, 2].map((part) => picks.filter((one) => one === part).length)).toEqual([
        5, 3, 2,
      ]);
      orders.add(picks.join(""));
    }
    expect(orders.size).toBeGreaterThan(40);
  });

  it("what an iteration is depends on seed and index alone, not on who asks or in which order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 30 }),
        (weights, seed, indexes) => {
          fc.pre(weights.some((weight) => weight > 0));
          const one = createMix(weights, seed);
          const other = createMix(weights, seed);
          const picked = new Map(indexes.map((index) => [index, one.at(index)]));
          for (const index of indexes.toReversed()) {
            expect(other.at(index)).toBe(picked.get(index));
            expect(weights[other.at(index)]).toBeGreaterThan(0);
          }
        },
      ),
    );
  });

  it("shares are exact to one block for any weights with at most three decimals", () => {
    const weights = [0.5, 0.25, 0.125, 0.125];
    const mix = createMix(weights, 1);
    const counts = weights.map(() => 0);
    const n = 100 * mix.block;
    for (let i = 0; i < n; i++) counts[mix.at(i)] = (counts[mix.at(i)] ?? 0) + 1;
    counts.forEach((count, part) => expect(count).toBe(n * (weights[part] ?? 0)));
  });

  it("a part of the smallest weight is still picked, one without weight never", () => {
    const mix = createMix([1_000_000, 1, 0], 5);
    const picks = Array.from({ length: mix.block }, (_, i) => mix.at(i));
    expect(picks).toContain(1);
    expect(picks).not.toContain(2);
  });

  it("a shuffle keeps its values and repeats for its seed", () => {
    const values = [1, 2, 3, 4, 5, 6, 7, 8];
    expect(shuffle(values, 3).toSorted()).toEqual(values);
    expect(shuffle(values, 3)).toEqual(shuffle(values, 3));
    expect(shuffle(values, 3)).not.toEqual(shuffle(values, 4));
  });
});
