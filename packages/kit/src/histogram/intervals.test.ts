import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createHistogram, createIntervals, type Histogram } from "./index.ts";

const stretch = fc.array(fc.integer({ min: 0, max: 2 ** 31 }), { maxLength: 50 });

function buckets(histogram: Histogram): number[][] {
  const all: number[][] = [];
  histogram.each((...bucket) => all.push(bucket));
  return all;
}

describe("intervals of a histogram", () => {
  it("each is what was recorded since the one before, and together they are the whole", () => {
    fc.assert(
      fc.property(fc.array(stretch, { maxLength: 8 }), (stretches) => {
        const [whole, sum] = [createHistogram(), createHistogram()];
        const intervals = createIntervals("normal");
        for (const values of stretches) {
          const own = createHistogram();
          for (const value of values) {
            whole.record(value);
            own.record(value);
          }
          const got = intervals.next(whole);
          expect(buckets(got)).toEqual(buckets(own));
          expect([got.count, got.sumUs, got.overflow]).toEqual([
            own.count,
            own.sumUs,
            own.overflow,
          ]);
          sum.add(got);
        }
        expect(buckets(sum)).toEqual(buckets(whole));
        expect([sum.count, sum.sumUs]).toEqual([whole.count, whole.sumUs]);
      }),
    );
  });

  it("the shared memory of one serves all of them", () => {
    const whole = createHistogram();
    const intervals = createIntervals("normal");
    const buffers = new Set<SharedArrayBuffer>();
    for (let at = 0; at < 100; at++) {
      whole.record(at);
      buffers.add(intervals.next(whole).buffer);
    }
    expect(buffers.size).toBe(1);
  });

  it("after clear the next is a first one", () => {
    const [one, other] = [createHistogram(), createHistogram()];
    one.record(5);
    other.record(7);
    const intervals = createIntervals("normal");
    intervals.next(one);
    intervals.clear();
    expect(buckets(intervals.next(other))).toEqual([[7, 7, 1]]);
    expect(buckets(intervals.next(other))).toEqual([]);
  });

  it("those of another precision are LL_LOAD_HISTOGRAM_LAYOUT", () => {
    const layout = expect.objectContaining({ code: "LL_LOAD_HISTOGRAM_LAYOUT" });
    expect(() => createIntervals("high").next(createHistogram())).toThrow(layout);
  });
});
