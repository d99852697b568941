import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FigureRule } from "../load/index.ts";
import { figureOf, type FiguredTally, meanSlices } from "./load-figures.ts";

const limit = { value: 900, unit: "ms", text: "900 ms" } as const;
const terms = { timeoutMs: 120_000, measuredMs: 10_000, due: 100 };

function rule(rest: Partial<FigureRule> = {}): FigureRule {
  const base = { of: "trend", aggregation: "avg", operator: "<", limit, counter: null } as const;
  return { ...base, scenarios: ["get"], ...rest };
}

/** One slice: so many good values of `ms` each, so many failed, so many without a value. */
function tally(values: number, ms: number, rest: Partial<FiguredTally> & { failed?: number } = {}) {
  const { failed = 0, undefined: open = 0, ...others } = rest;
  const n = values + failed + open;
  const sums = [[values, values * ms]] as const;
  const figures = { values, sumMs: values * ms, minMs: values === 0 ? null : ms, sums };
  const one: FiguredTally = {
    stream: "load.x",
    part: "all",
    n,
    bad: failed,
    undefined: open,
    slices: [[n, failed]],
    sliceMs: 1_000,
    badBy: failed === 0 ? {} : { reset: failed },
    ...(values > 0 && { maxMs: ms }),
    figures,
    ...others,
  };
  return one;
}

describe("figures of a load run", () => {
  it("an average has every failure in it at the total timeout", () => {
    expect(figureOf(rule(), [tally(90, 100)], terms)).toEqual({ value: 100, n: 90 });
    const seen = figureOf(rule(), [tally(90, 100, { failed: 10 })], terms);
    expect(seen?.value).toBeCloseTo((90 * 100 + 10 * 120_000) / 100, 6);
  });

  it("all of any number are 100 %, not a rounding less", () => {
    const ratio = rule({ of: "ratio", counter: "ok" });
    for (let n = 1; n <= 4_000; n++) {
      expect(figureOf(ratio, [tally(n, 1)], terms)?.value, String(n)).toBe(1);
    }
  });

  it("failures stay in a mean's slices when another answer has no value", () => {
    const slices = (one: FiguredTally): [number, number][] => meanSlices(rule(), [one], 120_000);
    expect(slices(tally(50, 100, { failed: 50 }))).toEqual([[100, 5_000 + 50 * 120_000]]);
    const [first = [0, 0]] = slices(tally(50, 100, { failed: 49, undefined: 1 }));
    expect(first[0]).toBe(100);
    expect(first[1]).toBeGreaterThanOrEqual(5_000 + 49 * 120_000);
  });

  it("what failed and what is not known speaks against the claim, on either side", () => {
    const half = tally(50, 100, { undefined: 50 });
    expect(meanSlices(rule(), [half], 120_000)).toEqual([[100, 5_000 + 50 * 120_000]]);
    expect(meanSlices(rule({ operator: ">" }), [half], 120_000)).toEqual([[100, 5_000]]);
    const failed = tally(50, 100, { failed: 50 });
    expect(meanSlices(rule(), [failed], 120_000)).toEqual([[100, 5_000 + 50 * 120_000]]);
    expect(meanSlices(rule({ operator: ">" }), [failed], 120_000)).toEqual([[100, 5_000]]);
  });

  it("a target that only fails is not slower than anything", () => {
    const dead = tally(0, 0, { failed: 90 });
    for (const operator of [">", ">="] as const) {
      for (const aggregation of ["avg", "min", "max"] as const) {
        const seen = figureOf(rule({ operator, aggregation }), [dead], terms);
        expect(seen, `${aggregation}${operator}`).toEqual({ value: 0, n: 90 });
      }
      const ranked = { ...dead, observedMs: 120_000 };
      const seen = figureOf(rule({ operator, aggregation: "p" }), [ranked], terms);
      expect(seen?.range?.[0]).toBe(0);
      expect(meanSlices(rule({ operator }), [dead], 120_000)).toEqual([[90, 0]]);
    }
  });

  it("with values not known a figure has a range, and lies in it", () => {
    const figures = fc.record({
      values: fc.integer({ min: 1, max: 50 }),
      ms: fc.integer({ min: 1, max: 5_000 }),
      failed: fc.nat(20),
      open: fc.integer({ min: 1, max: 20 }),
      aggregation: fc.constantFrom<"avg" | "min" | "max">("avg", "min", "max"),
      unknownMs: fc.integer({ min: 0, max: 120_000 }),
    });
    fc.assert(
      fc.property(figures, ({ values, ms, failed, open, aggregation, unknownMs }) => {
        const one = tally(values, ms, { failed, undefined: open });
        const [least = Number.NaN, most = Number.NaN] =
          figureOf(rule({ aggregation }), [one], terms)?.range ?? [];
        // What it would have been, had they all had this value.
        const all = [
          ...Array.from({ length: values }, () => ms),
          ...Array.from({ length: failed }, () => terms.timeoutMs),
          ...Array.from({ length: open }, () => unknownMs),
        ];
        const truth =
          aggregation === "avg"
            ? all.reduce((sum, value) => sum + value, 0) / all.length
            : Math[aggregation](...all);
        expect(truth).toBeGreaterThanOrEqual(least - 1e-6);
        expect(truth).toBeLessThanOrEqual(most + 1e-6);
      }),
      { seed: 2 },
    );
  });

  it("without any value there is no figure, whatever the operator", () => {
    for (const aggregation of ["avg", "min", "max"] as const) {
      expect(figureOf(rule({ aggregation }), [tally(0, 0, { undefined: 9 })], terms)).toBeNull();
      expect(figureOf(rule({ aggregation }), [tally(0, 0)], terms)).toBeNull();
    }
  });

  it("a rate is of the measured time, and of none there is no rate", () => {
    const perSecond = rule({ of: "per_second", counter: "due" });
    expect(figureOf(perSecond, [tally(90, 1, { failed: 10 })], terms)?.value).toBe(10);
    expect(figureOf(perSecond, [tally(90, 1)], { ...terms, measuredMs: 0 })).toBeNull();
  });

  it("a counter of one outcome counts that one alone, over all scenarios", () => {
    const resets = rule({ of: "count", counter: "bad", outcome: "reset" });
    const timeouts = { failed: 3, badBy: { timeout_idle: 3 } };
    const all = [tally(10, 1, { failed: 2 }), tally(10, 1, timeouts)];
    expect(figureOf(resets, all, terms)).toEqual({ value: 2, n: 25 });
  });

  it("requests are sent that were not dropped; those lost here or cut off by the end may have been", () => {
    const sent = rule({ of: "count", counter: "sent" });
    const lost = { failed: 30, badBy: { dropped: 10, generator: 5, unfinished: 8, reset: 7 } };
    expect(figureOf(sent, [tally(70, 1, lost)], terms)).toEqual({
      value: 77,
      n: 100,
      range: [77, 90],
    });
    expect(figureOf(sent, [tally(70, 1, { failed: 3 })], terms)).toEqual({ value: 73, n: 73 });
    const rate = figureOf(rule({ of: "per_second", counter: "sent" }), [tally(70, 1, lost)], terms);
    expect(rate).toEqual({ value: 7.7, n: 100, range: [7.7, 9] });
  });

  it("iterations are those that came to their end, a bad one too", () => {
    const ended = rule({ of: "count", counter: "iterations" });
    const lost = { failed: 12, badBy: { dropped: 4, unfinished: 3, cancelled: 2, iteration: 3 } };
    expect(figureOf(ended, [tally(20, 9, lost)], terms)).toEqual({ value: 23, n: 32 });
    const mine = { failed: 5, badBy: { generator: 5 } };
    const range = [20, 25];
    expect(figureOf(ended, [tally(20, 9, mine)], terms)).toEqual({ value: 20, n: 25, range });
  });

  it("every value of a gauge is held to the limit: the one that is worst for it is shown", () => {
    const gauge = (operator: FigureRule["operator"]) =>
      rule({ of: "count", counter: "gauge", operator });
    const some = [tally(3, 4), tally(2, 9)];
    expect(figureOf(gauge("<"), some, terms)).toEqual({ value: 9, n: 5, range: [4, 9] });
    expect(figureOf(gauge(">="), some, terms)).toEqual({ value: 4, n: 5, range: [4, 9] });
    expect(figureOf(gauge("<"), [tally(3, 4, { undefined: 1 })], terms)).toBeNull();
    expect(figureOf(gauge("<"), [tally(0, 0, { failed: 1 })], terms)).toBeNull();
  });

  it("users of several scenarios add up; where nobody looked there is no figure", () => {
    const users = rule({ of: "count", counter: "vus" });
    const seen = (users: number) => tally(5, 1, { gauge: users, gaugeOfAll: users });
    const two = [seen(3), seen(4)];
    expect(figureOf(users, two, terms)).toEqual({ value: 7, n: 10 });
    expect(
      figureOf(users, [...two, tally(5, 1, { gauge: null, gaugeOfAll: null })], terms),
    ).toBeNull();
    expect(figureOf(users, [tally(5, 1)], terms)).toBeNull();
  });

  it("users of scenarios that never overlap do not add up; each alone keeps its own", () => {
    const users = rule({ of: "count", counter: "vus" });
    const ended = tally(5, 1, { gauge: 3, gaugeOfAll: 0 });
    const last = tally(5, 1, { gauge: 4, gaugeOfAll: 4 });
    expect(figureOf(users, [ended, last], terms)?.value).toBe(4);
    expect(figureOf(users, [ended], terms)?.value).toBe(3);
  });

  it("bytes of a client that nobody listened to are no 0", () => {
    const bytes = rule({ of: "count", counter: "bytes" });
    expect(figureOf(bytes, [tally(5, 100)], terms)).toEqual({ value: 500, n: 5 });
    expect(figureOf(bytes, [tally(5, 100, { undefined: 1 })], terms)).toBeNull();
  });

  it("a sum of what some answers did not tell is none: not the sum of the others", () => {
    const tokens = rule({ of: "count", counter: "events" });
    expect(figureOf(tokens, [tally(5, 100)], terms)?.value).toBe(500);
    expect(figureOf(tokens, [tally(5, 100, { undefined: 1 })], terms)).toBeNull();
    const errors = rule({ of: "count", counter: "bad" });
    expect(figureOf(errors, [tally(5, 100, { undefined: 1, failed: 2 })], terms)?.value).toBe(2);
  });

  it("a rate of events has in each second how many there were, not how often they were told", () => {
    const tokens = tally(2, 50, {
      slices: [
        [2, 0],
        [0, 0],
        [1, 0],
      ],
      figures: {
        values: 3,
        sumMs: 150,
        minMs: 50,
        sums: [
          [2, 100],
          [0, 0],
          [1, 50],
        ],
      },
    });
    const slices = meanSlices(rule({ of: "per_second", counter: "events" }), [tokens], 1_000);
    expect(slices).toEqual([
      [1, 100],
      [1, 0],
      [1, 50],
    ]);
  });

  it("a rank over several scenarios has no exact value", () => {
    const rank = rule({ aggregation: "med" });
    const one = tally(9, 5, { observedMs: 5 });
    expect(figureOf(rank, [one], terms)?.value).toBe(5);
    expect(figureOf(rank, [one, one], terms)).toBeNull();
  });

  it("a second without any request is 0 of a rate, not absent", () => {
    const one = tally(4, 1, {
      slices: [
        [0, 0],
        [2, 1],
        [0, 0],
        [2, 0],
      ],
    });
    const slices = meanSlices(rule({ of: "per_second", counter: "due" }), [one], 1_000);
    expect(slices).toEqual([
      [1, 2],
      [1, 0],
      [1, 2],
    ]);
  });
});
