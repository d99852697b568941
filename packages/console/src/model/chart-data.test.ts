import { describe, expect, it } from "vitest";
import { fixtureModel } from "../../test/fixture-model.ts";
import {
  heatGridOf,
  heatTable,
  loneOf,
  mostOf,
  onLogScale,
  overTimeOf,
  overTimeTable,
  percentilesOf,
  percentileTable,
  totalsOf,
  unboundedFrom,
} from "./chart-data.ts";

const [series] = fixtureModel({ slices: 20 }).load;
if (series === undefined) throw new Error("the fixture has one series");

describe("chart data", () => {
  it("a gap stays null in the line and reads not measured in the table", () => {
    expect(overTimeOf(series).p99Ms[10]).toBeNull();
    expect(overTimeTable(series).rows[10]?.[4]?.value).toBeNull();
  });

  it("rates are counts over the width of the slice", () => {
    const halved = { ...series, sliceMs: 500 };
    expect(overTimeOf(halved).due[0]).toBe(100);
    expect(overTimeOf(halved).seconds[1]).toBe(1);
  });

  it("chart and table share their arrays, row for row", () => {
    const { seconds, maxMs } = overTimeOf(series);
    const table = overTimeTable(series);
    expect(table.rows.map((row) => row[0]?.value)).toEqual(seconds);
    expect(table.rows.map((row) => row[5]?.value)).toEqual(maxMs);
    expect(percentileTable(series).rows.map((row) => row[1]?.value)).toEqual(
      percentilesOf(series).map((point) => point.responseMs),
    );
  });

  it("the maximum is a point of the percentile plot, right of every bounded quantile", () => {
    const points = percentilesOf(series);
    expect(points.at(-1)).toMatchObject({ quantile: 1, responseMs: 1900 });
    expect(points.at(-1)?.tail).toBeGreaterThan(points.at(-2)?.tail ?? Infinity);
  });

  it.each([
    [298, [0.5, 0.9, 0.95, 1], 0.99],
    [299, [0.5, 0.9, 0.95, 0.99, 1], 0.999],
    [58, [0.5, 0.9, 1], 0.95],
    [4, [1], 0.5],
    [1e6, [0.5, 0.9, 0.95, 0.99, 0.999, 1], undefined],
  ])(
    "of %i requests the curve holds %j and the maximum, no quantile without a bound",
    (n, held, end) => {
      const of = { ...series, n };
      expect(percentilesOf(of).map(({ quantile }) => quantile)).toEqual(held);
      expect(percentileTable(of).rows).toHaveLength(held.length);
      expect(unboundedFrom(of)?.quantile.value).toBe(end);
      expect(unboundedFrom(of)?.n.value).toBe(end === undefined ? undefined : n);
    },
  );

  it("every request of the heat cells lands in the grid once", () => {
    const grid = heatGridOf(series);
    const cells = series.heat.reduce((total, [, , count]) => total + count, 0);
    expect(grid.counts.flat().reduce((total, count) => total + count, 0)).toBe(cells);
    expect(grid.most).toBe(Math.max(...grid.counts.flat()));
    expect(heatTable(series).rows).toHaveLength(series.heat.length);
    expect(grid.edgesMs).toEqual(grid.edgesMs.toSorted((a, b) => a - b));
  });

  it("a log scale has no place for zero or less, and a gap stays one", () => {
    expect(onLogScale([0, -1, null, 0.001, 5])).toEqual([null, null, null, 0.001, 5]);
  });

  it.each([
    [[], []],
    [[5], [0]],
    [[0], [0]],
    [[null, 5, null], [1]],
    [[1, 2, null, 3], [3]],
    [
      [1, null, 2, null, undefined, 3, 4],
      [0, 2],
    ],
  ])("of %j the values alone between gaps or ends stand at %j", (values, lone) => {
    expect(loneOf(values)).toEqual(lone);
  });

  it("totals add up and the maximum of gaps alone is null", () => {
    expect(totalsOf(series).due.value).toBe(1000);
    expect(mostOf([null, null])).toBeNull();
    expect(mostOf([null, 3, 2])).toBe(3);
  });
});
