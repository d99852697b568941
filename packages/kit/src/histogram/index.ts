/**
 * A fixed-size histogram of microseconds in shared memory: any number of values, exact merge by
 * addition, quantiles as upper bucket edges.
 *
 * ```ts
 * const histogram = createHistogram();
 * histogram.record(1250);
 * histogram.quantileUs(0.99);
 * ```
 */
export { histogramErrors } from "./errors.ts";
export { createHistogram } from "./histogram.ts";
export type { Histogram, HistogramPrecision } from "./histogram.ts";
export { createIntervals, type HistogramIntervals } from "./intervals.ts";
export { decodeHdr, encodeHdr } from "./hdr.ts";
export type { HdrBucket } from "./hdr.ts";
