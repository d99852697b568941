import { createHistogram, type Histogram } from "@loadline/kit/histogram";
import { describe, expect, it } from "vitest";
import { Heat } from "./heat.ts";

function values(...us: number[]): Histogram {
  const histogram = createHistogram();
  for (const one of us) histogram.record(one);
  return histogram;
}

describe("the heat of a run", () => {
  it("a cell's edge is at or above its values and less than a quarter of an octave above them", () => {
    for (const us of [1, 2, 3, 255, 256, 1000, 123_456, 2 ** 31, 2 ** 32 - 1]) {
      const [[edgeMs, count] = [0, 0]] = new Heat(1).add(0, values(us));
      expect(count).toBe(1);
      expect(edgeMs * 1000).toBeGreaterThanOrEqual(us * (1 - 1e-3));
      // A bucket of the histogram is as wide as a 256th of its values.
      expect(edgeMs * 1000).toBeLessThanOrEqual(us * 2 ** 0.25 * (1 + 1 / 256) + 1);
    }
  });

  it("values of nothing and past the last edge are in the first cell and in the last", () => {
    const cells = new Heat(1).add(0, values(0, 0, 2 ** 33));
    expect(cells).toEqual([
      [0.001, 2],
      [2 ** 32 / 1000, 1],
    ]);
  });

  it("the whole is every slice's cells in order, slices without values left out", () => {
    const heat = new Heat(4);
    const first = heat.add(0, values(5, 5, 900));
    expect(heat.add(1, values())).toEqual([]);
    const third = heat.add(2, values(7));
    expect(heat.whole()).toEqual([
      ...first.map(([edgeMs, count]) => [0, edgeMs, count]),
      ...third.map(([edgeMs, count]) => [2, edgeMs, count]),
    ]);
    expect(heat.whole().reduce((sum, [, , count]) => sum + count, 0)).toBe(4);
  });

  it("one that closed no slice is empty", () => {
    expect(new Heat(3600).whole()).toEqual([]);
  });
});
