import type { Claim, LoadSeries } from "@loadline/contract";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { fixtureModel } from "../../test/fixture-model.ts";
import { one, openPage, textsOf } from "../../test/page/page.ts";
import { formatCount } from "../model/format.ts";
import { heatGridOf, totalsOf } from "../model/chart-data.ts";
import type { EcdfChart } from "./ecdf.tsx";
import type { HeatMap } from "./heat-map.tsx";
import type { LatencyChart, RateChart } from "./over-time.tsx";
import type { PercentileChart } from "./percentiles.tsx";

const [made] = fixtureModel({ slices: 20 }).load;
if (made === undefined) throw new Error("the fixture has one series");
const series: LoadSeries = made;

/** What a plan promises of the series' response time. */
const promised: readonly Claim[] = [
  {
    id: "chat.p99",
    statement: "chat p99 < 2 s",
    kind: "quantile",
    of: `load.${series.scenario}.response_time`,
    parts: ["all"],
    target: 0.99,
    limit: 2_000,
    unit: "ms",
    confidence: 0.95,
    required: true,
    category: "Performance & Capacity",
    rationale: "a user waits",
  },
];

/** A series of `ms` per slice; a gap where null. */
const slicesOf = (values: readonly (number | null)[]): LoadSeries => ({
  ...series,
  due: values.map(() => 10),
  ok: values.map((value) => (value === null ? 0 : 10)),
  bad: values.map(() => 0),
  p99Ms: values,
  maxMs: values,
  inFlight: values.map(() => 1),
});

describe("charts", () => {
  let Rate: typeof RateChart;
  let Latency: typeof LatencyChart;
  let Percentiles: typeof PercentileChart;
  let Heat: typeof HeatMap;
  let Share: typeof EcdfChart;
  // The charts' library looks for a window once, when it is loaded.
  beforeAll(async () => {
    using page = openPage();
    ({ RateChart: Rate, LatencyChart: Latency } = await import("./over-time.tsx"));
    ({ PercentileChart: Percentiles } = await import("./percentiles.tsx"));
    ({ HeatMap: Heat } = await import("./heat-map.tsx"));
    ({ EcdfChart: Share } = await import("./ecdf.tsx"));
    expect(page.root.textContent).toBe("");
  });
  afterEach(() => vi.unstubAllGlobals());

  type Chart = "rate" | "latency" | "percentiles" | "share" | "heat";
  /** The chart after it was painted: its words, the texts on its axes, the points of its lines. */
  const draw = async (kind: Chart, of: LoadSeries) => {
    await using page = openPage();
    const views = {
      rate: Rate,
      latency: Latency,
      percentiles: Percentiles,
      share: Share,
      heat: Heat,
    };
    const View = views[kind];
    const root = page.show(<View series={of} theme="light" printing={false} claims={promised} />);
    const words = one(root, "figcaption p").textContent;
    await Promise.resolve();
    await Promise.resolve();
    const axis = page
      .painted()
      .filter((call) => call.name === "fillText")
      .map((call) => String(call.args[0]));
    return { words, axis, points: page.lines, painted: page.painted() };
  };

  /** Centres of the round points, and the heights a line goes through, in pixels from the top. */
  const shapesOf = (points: Awaited<ReturnType<typeof draw>>["points"]) => {
    const xyOf = (name: string): (readonly [number, number])[] =>
      points
        .filter((call) => call.name === name)
        .map((call) => [Number(call.args[0]), Number(call.args[1])] as const);
    return { dots: xyOf("arc"), line: xyOf("lineTo") };
  };

  it.each([
    ["rate", "seconds since start", "requests/s; in flight"],
    ["latency", "seconds since start", "latency in ms, log scale"],
    ["percentiles", "share of requests at or under", "latency in ms, log scale"],
    ["share", "latency in ms, log scale", "share of due requests"],
    ["heat", "seconds since start", "bad"],
  ] as const)("the axes of %s say what they count and in which unit", async (kind, x, y) => {
    const { axis } = await draw(kind, series);
    expect(axis).toContain(x);
    expect(axis).toContain(y);
  });

  it("the summaries carry the sums and the largest values of the series", async () => {
    const totals = totalsOf(series);
    const [due, ok, bad] = [totals.due, totals.ok, totals.bad].map((f) =>
      formatCount(f.value ?? -1),
    );
    const rate = await draw("rate", series);
    expect(rate.words).toBe(`due ${due}, ok ${ok}, bad ${bad}, in flight at slice end`);
    expect((await draw("heat", series)).words).toContain(`at most ${heatGridOf(series).most};`);
    const most = slicesOf([3, null, 840, 12]);
    expect((await draw("latency", most)).words).toMatch(/largest 840 ms$/);
  });

  it("shares are steps: a failure keeps them below the top, and each promise is a cross", async () => {
    const of: LoadSeries = {
      ...series,
      due: [4],
      ok: [3],
      bad: [1],
      heat: [
        [0, 10, 1],
        [0, 1_000, 2],
      ],
    };
    const { words, points } = await draw("share", of);
    expect(words).toContain("Within 2 s\u25c7: at least 75 %\u0192, 99 %\u25c7 promised.");
    const { dots, line } = shapesOf(points);
    expect(dots).toHaveLength(1);
    const heights = [...new Set(line.map(([, y]) => Math.round(y)))];
    // The first step, up to the second: no slope between them.
    expect(heights.length).toBeLessThanOrEqual(3);
    expect((await draw("share", { ...of, heat: [] })).words).toContain("0 %");
  });

  it("gaps alone have no largest latency and no line", async () => {
    const { words, points } = await draw("latency", slicesOf([null, null, null]));
    expect(words).toMatch(/largest not measured$/);
    const { dots, line } = shapesOf(points);
    expect(dots).toEqual([]);
    expect(line.filter(([x]) => Number.isFinite(x))).toEqual([]);
  });

  it("a zero latency is said and tabled, but has no place on a log scale", async () => {
    const { words, points } = await draw("latency", slicesOf([0, 0]));
    expect(words).toMatch(/largest 0 ms$/);
    expect(shapesOf(points).dots).toEqual([]);
  });

  it.each([
    ["a run of one slice", [5]],
    ["a slice between two gaps", [null, 5, null]],
    ["the last slice after a gap", [4, 5, null, 6]],
  ])("%s is a dot where no line can show it", async (_, values) => {
    const { points } = await draw("latency", slicesOf(values));
    // One dot for p99 and one for the maximum.
    expect(shapesOf(points).dots).toHaveLength(2);
  });

  it("slices beside each other are a line without dots", async () => {
    const { points } = await draw("latency", slicesOf([4, 5, 6]));
    expect(shapesOf(points).dots).toEqual([]);
    expect(shapesOf(points).line.length).toBeGreaterThan(3);
  });

  it("rates start at zero, and a run without a request still has an axis", async () => {
    expect((await draw("rate", slicesOf([1, 2, 3]))).axis).toContain("0");
    const none = { ...slicesOf([null, null]), due: [0, 0], inFlight: [0, 0] };
    const { axis } = await draw("rate", none);
    expect(axis).toEqual(expect.arrayContaining(["0", "1"]));
    expect(axis.filter((text) => text.startsWith("-"))).toEqual([]);
  });

  it("equal distances of a log scale are equal factors", async () => {
    const { points } = await draw("latency", slicesOf([1, 10, 100, 1000]));
    const heights = shapesOf(points)
      .line.slice(0, 4)
      .map(([, y]) => y);
    const steps = heights.slice(1).map((y, index) => (heights[index] ?? 0) - y);
    expect(Math.max(...steps) - Math.min(...steps)).toBeLessThanOrEqual(1);
    expect(Math.min(...steps)).toBeGreaterThan(10);
  });

  it.each([
    { percentiles: [[0.5, 3, 2]] },
    { percentiles: [[1, 3, 3]] },
    {
      percentiles: [
        [0, 1, 1],
        [0.5, 3, 2],
        [1, 9, 9],
      ],
    },
    {
      percentiles: [
        [0.5, 0, 0],
        [0.9, 5, 4],
        [0.99, 8, 7],
      ],
    },
    {
      percentiles: [
        [0.5, 3, null],
        [0.9, 5, null],
      ],
    },
  ] as const)("every dot of the tail lies inside the picture: %j", async ({ percentiles }) => {
    const { points } = await draw("percentiles", { ...series, percentiles });
    const drawable = percentiles.filter(([, ms]) => ms > 0);
    const { dots } = shapesOf(points);
    expect(new Set(dots.map(([x]) => x)).size).toBe(drawable.length);
    for (const [x, y] of dots) {
      expect(x >= 0 && x <= 640, `x ${x}`).toBe(true);
      expect(y >= 0 && y <= 240, `y ${y}`).toBe(true);
    }
  });

  it("the tail's axis names whole decades only, and its words say where the sample bounds no more", async () => {
    const { axis, words } = await draw("percentiles", series);
    const shares = axis.slice(0, axis.indexOf("latency in ms, log scale")).filter((t) => t !== "");
    expect(shares).toEqual(["share of requests at or under", "90 %", "99 %", "99.9 %", "99.99 %"]);
    expect(words).toContain("the last point is the maximum.");
    expect(words).not.toContain("bounds no more");
    const wordsOf = async (more: Partial<LoadSeries>) =>
      (await draw("percentiles", { ...series, ...more })).words;
    expect(await wordsOf({ n: 298 })).toMatch(/bounds no more: n 298, no bound at 99 %\.$/);
    const cut = series.percentiles.slice(0, 2);
    expect(await wordsOf({ percentiles: cut })).toContain("a request without an answer took for");
    const bad = series.bad.map(() => 0);
    expect(await wordsOf({ percentiles: cut, bad })).toContain("no maximum was recorded");
  });

  describe("heat map", () => {
    const heat = async (of: Partial<LoadSeries>) => {
      const { painted, axis } = await draw("heat", { ...series, ...of });
      const cells = painted
        .filter((call) => call.name === "fillRect")
        .map((call) => ({ at: call.args.map(Number), alpha: Number(call.globalAlpha) }));
      return { cells, axis };
    };

    it("every cell and every slice with a bad outcome is painted inside, nothing else", async () => {
      const { cells } = await heat({});
      const bad = series.bad.filter((count) => count > 0).length;
      expect(cells).toHaveLength(series.heat.length + bad);
      for (const { at, alpha } of cells) {
        const [x = -1, y = -1, width = 0, height = 0] = at;
        expect(x >= 62 && y >= 0 && x + width <= 640 && y + height <= 220).toBe(true);
        expect(alpha > 0 && alpha <= 1).toBe(true);
      }
    });

    it("the fullest cell is the strongest and slower cells stand higher", async () => {
      const { cells } = await heat({
        due: [1, 1],
        bad: [0, 0],
        heat: [
          [0, 10, 100],
          [0, 1000, 1],
        ],
      });
      expect(cells[0]?.alpha).toBe(1);
      expect(cells[1]?.alpha).toBeCloseTo(0.208);
      expect(cells[1]?.at[1]).toBeLessThan(cells[0]?.at[1] ?? 0);
    });

    it("cells outside of the run are left out, and an empty map is only its axes", async () => {
      const outside = await heat({ due: [1], bad: [0], heat: [[7, 10, 3]] });
      expect(outside.cells).toEqual([]);
      const empty = await heat({ due: [], bad: [], heat: [] });
      expect(empty.cells).toEqual([]);
      expect(empty.axis).toEqual(["bad", "0", "seconds since start"]);
    });

    it.each([1, 3, 59, 60, 600, 7200, 86_400])(
      "%i slices get rising ticks of one step from zero, few enough to read",
      async (slices) => {
        const due = Array.from({ length: slices }, () => 1);
        const { axis } = await heat({ due, bad: [], heat: [] });
        const ticks = axis.slice(1, -1).map(Number);
        const step = (ticks[1] ?? 0) - (ticks[0] ?? 0);
        expect(ticks[0]).toBe(0);
        expect(ticks.length).toBeGreaterThan(2);
        expect(ticks.length).toBeLessThanOrEqual(7);
        for (const [index, tick] of ticks.entries()) expect(tick).toBeCloseTo(index * step, 6);
        expect(slices - (ticks.at(-1) ?? 0)).toBeLessThan(step);
      },
    );
  });

  describe("cursor", () => {
    const openRate = (of: LoadSeries) => {
      const page = openPage();
      page.show(<Rate series={of} theme="light" printing={false} />);
      const area = one(page.root, ".chart-area");
      const read = (key: string): string => {
        page.press(key, { on: area });
        return one(page.root, ".readout").textContent?.trim() ?? "";
      };
      return { page, area, read };
    };

    it("the arrows read the rows of the table one by one and stop at both ends", async () => {
      const { page, read } = openRate(slicesOf([3, null, 840]));
      await using _page = page;
      expect(read("ArrowRight")).toBe(
        "until 1 sdue /s 10ok /s 10bad /s 0p99 3 msmax 3 msin flight 1",
      );
      expect(read("ArrowRight")).toContain("p99 not measuredmax not measured");
      expect(read("End")).toContain("until 3 s");
      expect(read("ArrowRight")).toContain("until 3 s");
      expect(read("Home")).toContain("until 1 s");
      expect(read("ArrowLeft")).toContain("until 1 s");
      expect(read("Escape")).toBe("");
      expect(read("ArrowLeft")).toContain("until 3 s");
    });

    it("keys that are not the chart's go on to the page, and none acts without rows", async () => {
      const { page, area } = openRate(slicesOf([]));
      await using _page = page;
      for (const key of ["ArrowRight", "ArrowLeft", "Home", "End", "Escape", "j"]) {
        expect(page.press(key, { on: area }).defaultPrevented).toBe(false);
      }
    });

    it("the table holds the row of every slice and is there when asked for", async () => {
      const { page } = openRate(series);
      await using _page = page;
      const button = one(page.root, "button[aria-pressed]");
      expect(page.root.querySelector("table")).toBeNull();
      page.click(button);
      expect(button.getAttribute("aria-pressed")).toBe("true");
      expect(textsOf(page.root, "tbody tr")).toHaveLength(20);
      expect(textsOf(page.root, "tbody tr")[10]).toContain("not measured");
    });
  });
});
