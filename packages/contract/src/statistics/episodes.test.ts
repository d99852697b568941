import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanTimeToProveMs, episodesOf } from "./episodes.ts";
import type { Slice } from "./dispersion.ts";

const hour = 3_600_000;

describe("outages in a tally", () => {
  it("slices with half or more of their requests bad are one outage, the wholly bad surely", () => {
    const slices: Slice[] = [
      [10, 0],
      [10, 5],
      [10, 10],
      [10, 9],
      [10, 4],
      [10, 10],
      [0, 0],
      [10, 10],
    ];
    expect(episodesOf(slices, 1_000)).toEqual({
      observedMs: 7_000,
      resolutionMs: 2_000,
      episodes: [
        [1_000, 1_000, 3_000],
        [5_000, 1_000, 1_000],
        [7_000, 1_000, 1_000],
      ],
    });
  });

  it("a slice in which nothing was asked is no observed time, and nothing at all is none", () => {
    expect(episodesOf([], 1_000)).toMatchObject({ observedMs: 0, episodes: [] });
    const silent: Slice[] = [
      [0, 0],
      [0, 0],
    ];
    expect(episodesOf(silent, 1_000)).toMatchObject({ observedMs: 0, episodes: [] });
  });

  it("outages never last longer than what was observed, and the sure part never the possible", () => {
    const slice = fc.tuple(fc.nat(5), fc.nat(5)).map(([n, bad]): Slice => [n, Math.min(n, bad)]);
    fc.assert(
      fc.property(fc.array(slice, { maxLength: 60 }), (slices) => {
        const seen = episodesOf(slices, 500);
        const most = seen.episodes.reduce((sum, [, , mostMs]) => sum + mostMs, 0);
        expect(most).toBeLessThanOrEqual(seen.observedMs);
        for (const [, leastMs, mostMs] of seen.episodes)
          expect(leastMs).toBeLessThanOrEqual(mostMs);
        expect(seen.episodes.length > 0).toBe(slices.some(([n, bad]) => n > 0 && bad * 2 >= n));
      }),
    );
  });

  it("an outage of the resolution is seen wherever it begins", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_000 }), (startMs) => {
        // A request each 50 ms; all that fall due in the outage fail.
        const slices = Array.from({ length: 6 }, (_, second): Slice => {
          const due = Array.from({ length: 20 }, (__, i) => second * 1_000 + i * 50);
          return [20, due.filter((ms) => ms >= startMs && ms < startMs + 2_000).length];
        });
        expect(episodesOf(slices, 1_000).episodes.length).toBe(1);
      }),
    );
  });
});

describe("clean time (verdicts G)", () => {
  it.each([
    [0.995, 5_000, 49.9 / 60],
    [0.995, 30_000, 4.99],
    [0.995, 60_000, 9.99],
    [0.999, 5_000, (5 * 49.9) / 60],
    [0.999, 30_000, 5 * 4.99],
  ])("%s with outages of %i ms needs %f h", (target, episodeMs, hours) => {
    const ms = cleanTimeToProveMs(episodeMs, target, 0.95) ?? 0;
    expect(ms / hour).toBeCloseTo(hours, 1);
  });

  it("no time shows 100 %, and no outage of no length", () => {
    expect(cleanTimeToProveMs(5_000, 1, 0.95)).toBeNull();
    expect(cleanTimeToProveMs(0, 0.99, 0.95)).toBeNull();
  });
});
