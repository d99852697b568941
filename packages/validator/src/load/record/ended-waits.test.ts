import { describe, expect, it } from "vitest";
import { Arena } from "./arena.ts";
import { EndedWaits, waitClasses } from "./ended-waits.ts";

const waitsOf = (...timeouts: number[]): EndedWaits => {
  const waits = new EndedWaits(new Float64Array(waitClasses));
  for (const timeoutMs of timeouts) waits.add(timeoutMs);
  return waits;
};

describe("the timeouts that ended requests", () => {
  it("nothing ended tells of none", () => {
    expect(waitsOf().shortestMs).toBeNull();
  });

  it.each([1, 2, 7, 50, 999, 1_000, 2_000, 30_000, 120_000, 600_000, 4 * 3_600_000])(
    "%i ms are told as no more, and at most 9 %% less",
    (timeoutMs) => {
      const told = waitsOf(timeoutMs, 2 * timeoutMs, 100 * timeoutMs).shortestMs ?? Number.NaN;
      expect(told).toBeLessThanOrEqual(timeoutMs);
      expect(told).toBeGreaterThan(0.91 * timeoutMs);
    },
  );

  it("one of unknown length is counted apart, and is no wait", () => {
    expect(waitsOf(Number.NaN)).toMatchObject({ shortestMs: null, untold: 1 });
    const mixed = waitsOf(30_000, Number.NaN, Number.NaN);
    expect(mixed).toMatchObject({ shortestMs: waitsOf(30_000).shortestMs, untold: 2 });
  });

  it.each([0, -5, 0.4])("%d is the shortest there is", (timeoutMs) => {
    expect(waitsOf(30_000, timeoutMs).shortestMs).toBe(1);
  });

  it("one past the last class is counted in it", () => {
    expect(waitsOf(1e12)).toMatchObject({ shortestMs: 2 ** 24, untold: 0 });
    expect(waitsOf(Number.POSITIVE_INFINITY)).toMatchObject({ shortestMs: 2 ** 24, untold: 0 });
  });

  it("of two senders the shorter is the shortest of all", () => {
    const [one, other] = [new Arena(), new Arena()];
    const mine = new EndedWaits(one.sums(waitClasses));
    new EndedWaits(other.sums(waitClasses)).add(1_000);
    mine.add(30_000);
    one.add(other);
    expect(mine.shortestMs).toBe(waitsOf(1_000).shortestMs);
  });
});
