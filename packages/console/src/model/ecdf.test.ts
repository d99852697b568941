import type { Claim, LoadSeries } from "@loadline/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fixtureModel } from "../../test/fixture-model.ts";
import { ecdfColumns, ecdfOf, ecdfTable, objectivesOf } from "./ecdf.ts";

const [made] = fixtureModel({ slices: 3 }).load;
if (made === undefined) throw new Error("the fixture has one series");
const series: LoadSeries = {
  ...made,
  scenario: "chat",
  due: [5, 5],
  ok: [5, 3],
  bad: [0, 2],
  heat: [
    [0, 20, 1],
    [1, 10, 2],
    [0, 10, 4],
    [1, 400, 1],
  ],
};

const promise = (of: string, limit: number, more: Partial<Claim> = {}): Claim => ({
  id: of,
  statement: "p90 within a time",
  kind: "quantile",
  of,
  parts: ["all"],
  target: 0.9,
  limit,
  unit: "ms",
  confidence: 0.95,
  required: true,
  category: "Performance & Capacity",
  rationale: "a user waits",
  ...more,
});

describe("shares of requests under a time", () => {
  it("add up the cells of all slices, over all that was due: failures stay above the last step", () => {
    expect(ecdfOf(series)).toEqual([
      { ms: 10, share: 0.6 },
      { ms: 20, share: 0.7 },
      { ms: 400, share: 0.8 },
    ]);
  });

  it("never fall, and never pass one", () => {
    const cell = fc.tuple(fc.nat(1), fc.constantFrom(1, 2, 4, 8), fc.nat(9));
    fc.assert(
      fc.property(fc.array(cell), (heat) => {
        const shares = ecdfOf({ ...series, heat }).map(({ share }) => share);
        expect(shares).toEqual(shares.toSorted((a, b) => a - b));
        expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true);
      }),
    );
  });

  it("of nothing due, or nothing answered, are no steps", () => {
    expect(ecdfOf({ ...series, due: [] })).toEqual([]);
    expect(ecdfOf({ ...series, heat: [] })).toEqual([]);
  });

  it("a promise is crossed at its limit, with the share that the last step within it shows", () => {
    const claims = [promise("load.chat.response_time", 100), promise("load.chat.p95", 5)];
    expect(objectivesOf(series.scenario, ecdfOf(series), claims)).toEqual([
      { ms: 100, share: 0.9, seen: 0.7 },
      { ms: 5, share: 0.9, seen: 0 },
    ]);
  });

  it("promises on other scenarios, times and kinds are no crosses here", () => {
    const claims = [
      promise("load.stream.response_time", 100),
      promise("load.chat.ttft_open", 100),
      promise("load.chat.errors", 100, { kind: "proportion" }),
      promise("load.chat.response_time", 100, { unit: "s" }),
    ];
    expect(objectivesOf(series.scenario, ecdfOf(series), claims)).toEqual([]);
  });

  it("the plot's columns hold each step and each cross once, in order, and the table the same steps", () => {
    const steps = ecdfOf(series);
    expect(ecdfColumns(steps, [{ ms: 100, share: 0.9, seen: 0.7 }])).toEqual([
      [10, 20, 100, 400],
      [0.6, 0.7, 0.7, 0.8],
      [null, null, 0.9, null],
    ]);
    const rows = ecdfTable(ecdfOf(series)).rows.map((row) => row.map(({ value }) => value));
    expect(rows).toEqual(steps.map(({ ms, share }) => [ms, share]));
  });
});
