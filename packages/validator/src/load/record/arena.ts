import { createHistogram, type Histogram, type HistogramPrecision } from "@loadline/kit/histogram";

/**
 * Counters and histograms on shared memory, handed out in one order: an arena of the same order
 * over another's buffers sees what that one counts, and adding arenas is adding what was counted.
 */
export class Arena {
  readonly buffers: SharedArrayBuffer[] = [];
  readonly #given: readonly SharedArrayBuffer[] | null;
  /** Of histograms unless another is asked for. */
  readonly precision: HistogramPrecision;
  readonly #sums: Float64Array[] = [];
  readonly #histograms: Histogram[] = [];

  /** `given`: the buffers of another arena, to look at. */
  constructor(
    given: readonly SharedArrayBuffer[] | null = null,
    precision: HistogramPrecision = "normal",
  ) {
    this.#given = given;
    this.precision = precision;
  }

  /** Counters that add up over workers, all 0. */
  sums(count: number): Float64Array {
    const sums = new Float64Array(this.#next() ?? new SharedArrayBuffer(count * 8));
    this.buffers.push(sums.buffer as SharedArrayBuffer);
    this.#sums.push(sums);
    return sums;
  }

  histogram(precision = this.precision): Histogram {
    const buffer = this.#next();
    const histogram = createHistogram({ precision, ...(buffer !== undefined && { buffer }) });
    this.buffers.push(histogram.buffer);
    this.#histograms.push(histogram);
    return histogram;
  }

  /** Adds an arena of the same order. */
  add(other: Arena): void {
    this.#sums.forEach((mine, slot) => {
      const theirs = other.#sums[slot];
      if (theirs === undefined) return;
      for (let i = 0; i < mine.length; i++) mine[i] = (mine[i] ?? 0) + (theirs[i] ?? 0);
    });
    this.#histograms.forEach((mine, slot) => {
      const theirs = other.#histograms[slot];
      if (theirs !== undefined && theirs.count > 0) mine.add(theirs);
    });
  }

  clear(): void {
    for (const sums of this.#sums) sums.fill(0);
    for (const histogram of this.#histograms) if (histogram.count > 0) histogram.clear();
  }

  #next(): SharedArrayBuffer | undefined {
    return this.#given?.[this.buffers.length];
  }
}
