import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createHistogram, type Histogram, type HistogramPrecision } from "./index.ts";

const value = fc.oneof(
  fc.integer({ min: 0, max: 600 }),
  fc.integer({ min: 0, max: 2 ** 31 }),
  fc.integer({ min: 0, max: 31 }).map((bit) => 2 ** bit),
  fc.integer({ min: 1, max: 32 }).map((bit) => 2 ** bit - 1),
);
const values = fc.array(value, { maxLength: 200 });

function of(us: readonly number[], precision: HistogramPrecision = "normal"): Histogram {
  const histogram = createHistogram({ precision });
  for (const one of us) histogram.record(one);
  return histogram;
}

/** What `whole` got since `before`, in a histogram that held something else. */
function since(whole: Histogram, before: Histogram): Histogram {
  const into = of([1, 77, 2 ** 33], whole.precision);
  whole.since(before, into);
  return into;
}

function state(h: Histogram): unknown {
  const buckets: number[][] = [];
  h.each((low, high, count) => buckets.push([low, high, count]));
  return { buckets, n: h.count, sum: h.sumUs, min: h.minUs, max: h.maxUs, overflow: h.overflow };
}

describe("histogram", () => {
  it("the layout is 6,400 buckets in 25.6 KB, 94 KB when high", () => {
    expect(createHistogram().buffer.byteLength).toBe(6400 * 4 + 40);
    expect(createHistogram({ precision: "high" }).buffer.byteLength).toBe(23_552 * 4 + 40);
  });

  it("values below 256 us are exact", () => {
    const h = of(Array.from({ length: 256 }, (_, us) => us));
    for (let us = 0; us < 256; us++) expect(h.rankUs(us + 1)).toBe(us);
  });

  it("every value lies inside its bucket, whose width is at most 0.4 % of it (high: 0.1 %)", () => {
    for (const [precision, widthMax] of [
      ["normal", 1 / 256],
      ["high", 1 / 1024],
    ] as const) {
      fc.assert(
        fc.property(value, (us) => {
          of([us], precision).each((low, high, count) => {
            expect(count).toBe(1);
            expect(low).toBeLessThanOrEqual(us);
            expect(high).toBeGreaterThanOrEqual(us);
            expect(high - low).toBeLessThanOrEqual(us * widthMax);
          });
        }),
      );
    }
  });

  it("the merge of parts is the whole, in any order", () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 5 }), (parts) => {
        const whole = of(parts.flat());
        const merged = createHistogram();
        for (const part of parts) merged.add(of(part));
        const reversed = createHistogram();
        for (const part of parts.toReversed()) reversed.add(of(part));
        expect(state(merged)).toEqual(state(whole));
        expect(state(reversed)).toEqual(state(whole));
      }),
    );
  });

  it("a quantile is the order statistic, never under it and at most 0.4 % over", () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 1, max: 1000 }),
        (us, permille) => {
          const sorted = us.toSorted((a, b) => a - b);
          const exact = sorted[Math.max(1, Math.ceil((permille * us.length) / 1000)) - 1] ?? 0;
          const shown = of(us).quantileUs(permille / 1000);
          expect(shown).toBeGreaterThanOrEqual(exact);
          expect(shown).toBeLessThanOrEqual(exact * (1 + 1 / 256));
        },
      ),
    );
  });

  it("counts over a limit invented later hold the truth between sure and possible", () => {
    fc.assert(
      fc.property(values, value, (us, limitUs) => {
        const truth = us.filter((one) => one > limitUs).length;
        const [sure, possible] = of(us).over(limitUs);
        expect(sure).toBeLessThanOrEqual(truth);
        expect(possible).toBeGreaterThanOrEqual(truth);
      }),
    );
  });

  it("out of range counts as overflow and stays the largest, negatives are 0", () => {
    const h = of([5, 2 ** 33, -3]);
    expect([h.count, h.overflow, h.minUs, h.maxUs]).toEqual([3, 1, 0, 2 ** 33]);
    expect(h.quantileUs(1)).toBe(2 ** 33);
    expect(h.rankUs(2)).toBe(5);
  });

  it("a view of the same buffer sees what the other wrote", () => {
    const h = of([1, 2, 3]);
    const view = createHistogram({ buffer: h.buffer });
    h.record(1000);
    expect(state(view)).toEqual(state(h));
  });

  it("layouts never mix: LL_LOAD_HISTOGRAM_LAYOUT", () => {
    const layout = expect.objectContaining({ code: "LL_LOAD_HISTOGRAM_LAYOUT" });
    const high = createHistogram({ precision: "high" });
    expect(() => createHistogram().add(high)).toThrow(layout);
    expect(() => createHistogram({ buffer: high.buffer })).toThrow(layout);
  });

  it("what came since an earlier state is what was recorded after it, ends as narrow as a bucket", () => {
    fc.assert(
      fc.property(values, values, (early, late) => {
        const before = of(early);
        const got = since(of([...early, ...late]), before);
        const own = of(late);
        expect([got.count, got.sumUs]).toEqual([own.count, own.sumUs]);
        expect(got.overflow).toBe(own.overflow);
        const [seen, added]: number[][][] = [[], []];
        got.each((...bucket) => void seen?.push(bucket));
        own.each((...bucket) => void added?.push(bucket));
        expect(seen).toEqual(added);
        if (late.length === 0) return;
        expect(got.minUs).toBeLessThanOrEqual(own.minUs);
        expect(got.maxUs).toBeGreaterThanOrEqual(own.maxUs);
      }),
    );
    expect(state(since(of([5]), of([5])))).toEqual(state(createHistogram()));
    const exact = since(of([3, 5, 9]), of([3]));
    expect([exact.minUs, exact.maxUs]).toEqual([5, 9]);
    expect(since(of([2 ** 33, 7, 2 ** 33]), of([2 ** 33, 7])).overflow).toBe(1);
  });

  it("what came since a state of another layout is LL_LOAD_HISTOGRAM_LAYOUT, too", () => {
    const layout = expect.objectContaining({ code: "LL_LOAD_HISTOGRAM_LAYOUT" });
    const [normal, high] = [of([1], "normal"), of([1], "high")];
    expect(() => normal.since(high, of([]))).toThrow(layout);
    expect(() => high.since(normal, of([], "high"))).toThrow(layout);
    expect(() => normal.since(normal, high)).toThrow(layout);
    expect(state(high)).toEqual(state(of([1], "high")));
  });

  it("the sum is that of all values, overflow and parts too, fractions cut", () => {
    const h = of([1.9, 250, 2 ** 33, -5]);
    expect([h.count, h.sumUs, h.overflow]).toEqual([4, 251 + 2 ** 33, 1]);
    h.add(of([1000]));
    expect([h.count, h.sumUs]).toEqual([5, 1251 + 2 ** 33]);
    expect(createHistogram().sumUs).toBe(0);
  });

  it("clear leaves an empty histogram", () => {
    const h = of([1, 2 ** 33]);
    h.clear();
    expect(state(h)).toEqual(state(createHistogram()));
    expect(h.quantileUs(0.5)).toBe(0);
  });
});
