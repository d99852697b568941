import { createHistogram, type Histogram, type HistogramPrecision } from "./histogram.ts";

/** What a histogram gets from one look to the next. */
export interface HistogramIntervals {
  /**
   * What `whole` got since the last call, or since the beginning. The same object each time: a run of
   * any length allocates nothing. Throws LL_LOAD_HISTOGRAM_LAYOUT when its precision differs.
   */
  next(whole: Histogram): Histogram;
  /** The next call is a first one. */
  clear(): void;
}

/** Intervals of a histogram of this precision. */
export function createIntervals(precision: HistogramPrecision): HistogramIntervals {
  const before = createHistogram({ precision });
  const added = createHistogram({ precision });
  return {
    next: (whole) => {
      whole.since(before, added);
      before.clear();
      before.add(whole);
      return added;
    },
    clear: () => before.clear(),
  };
}
