import { histogramErrors } from "./errors.ts";

/** `normal`: 256 sub-buckets per octave, width <= 0.4 %, 25.6 KB. `high`: 1,024, 0.1 %, 94 KB. */
export type HistogramPrecision = "normal" | "high";

export interface Histogram {
  readonly precision: HistogramPrecision;
  /** Shared between threads; one writer at a time. */
  readonly buffer: SharedArrayBuffer;
  readonly count: number;
  readonly sumUs: number;
  /** Infinity when empty. */
  readonly minUs: number;
  /** 0 when empty. */
  readonly maxUs: number;
  /** Values of 2^32 us and more, also in `count`, and counted as the last bucket. */
  readonly overflow: number;
  /** Adds a value in us; fractions are cut, negatives count as 0. */
  record(us: number): void;
  /** Upper edge of the bucket that holds the value of this rank (1-based), at most `maxUs`. */
  rankUs(rank: number): number;
  /** `rankUs` of ceil(q x count); 0 when empty. */
  quantileUs(q: number): number;
  /** How many values lie over `us`: surely (by lower edges) and possibly (by upper edges). */
  over(us: number): readonly [sure: number, possible: number];
  /** Non-empty buckets, ascending, with their inclusive edges. */
  each(visit: (lowUs: number, highUs: number, count: number) => void): void;
  /** Adds another; throws LL_LOAD_HISTOGRAM_LAYOUT when its precision differs. */
  add(other: Histogram): void;
  clear(): void;
  /**
   * What was recorded since `before` was a copy of this, put into `into` in place of what it held;
   * its extremes are bucket edges. Throws LL_LOAD_HISTOGRAM_LAYOUT when a precision differs.
   */
  since(before: Histogram, into: Histogram): void;
}

const rangeUs = 2 ** 32;
/** count, sum, min, max, overflow */
const exactSlots = 5;

/** Empty, or a view of the `buffer` of another thread's histogram of the same precision. */
export function createHistogram(o?: {
  precision?: HistogramPrecision;
  buffer?: SharedArrayBuffer;
}): Histogram {
  return new SharedHistogram(o?.precision ?? "normal", o?.buffer);
}

class SharedHistogram implements Histogram {
  readonly precision: HistogramPrecision;
  readonly buffer: SharedArrayBuffer;
  readonly #bits: number;
  readonly #counts: Uint32Array;
  readonly #exact: Float64Array;

  constructor(precision: HistogramPrecision, buffer: SharedArrayBuffer | undefined) {
    this.precision = precision;
    this.#bits = precision === "high" ? 10 : 8;
    const buckets = (1 << this.#bits) * (33 - this.#bits);
    const bytes = buckets * 4 + exactSlots * 8;
    if (buffer !== undefined && buffer.byteLength !== bytes) {
      throw histogramErrors.make("LL_LOAD_HISTOGRAM_LAYOUT");
    }
    this.buffer = buffer ?? new SharedArrayBuffer(bytes);
    this.#counts = new Uint32Array(this.buffer, 0, buckets);
    this.#exact = new Float64Array(this.buffer, buckets * 4, exactSlots);
    if (buffer === undefined) this.#exact[2] = Number.POSITIVE_INFINITY;
  }

  get count(): number {
    return this.#exact[0] ?? 0;
  }

  get sumUs(): number {
    return this.#exact[1] ?? 0;
  }

  get minUs(): number {
    return this.#exact[2] ?? 0;
  }

  get maxUs(): number {
    return this.#exact[3] ?? 0;
  }

  get overflow(): number {
    return this.#exact[4] ?? 0;
  }

  record(us: number): void {
    const exact = this.#exact;
    const value = us > 0 ? Math.floor(us) : 0;
    exact[0] = (exact[0] ?? 0) + 1;
    exact[1] = (exact[1] ?? 0) + value;
    if (value < (exact[2] ?? 0)) exact[2] = value;
    if (value > (exact[3] ?? 0)) exact[3] = value;
    let at = this.#counts.length - 1;
    if (value < rangeUs) at = this.#index(value);
    else exact[4] = (exact[4] ?? 0) + 1;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  rankUs(rank: number): number {
    let seen = 0;
    for (let i = 0; i < this.#counts.length; i++) {
      seen += this.#counts[i] ?? 0;
      if (seen >= rank && seen > 0) return Math.min(this.#high(i), this.maxUs);
    }
    return this.maxUs;
  }

  quantileUs(q: number): number {
    // The epsilon keeps 0.99 x 100 from becoming rank 100.
    return this.rankUs(Math.max(1, Math.ceil(q * this.count - 1e-9)));
  }

  over(us: number): readonly [sure: number, possible: number] {
    let sure = 0;
    let possible = 0;
    this.each((lowUs, highUs, count) => {
      if (lowUs > us) sure += count;
      if (highUs > us) possible += count;
    });
    return [sure, possible];
  }

  each(visit: (lowUs: number, highUs: number, count: number) => void): void {
    for (let i = 0; i < this.#counts.length; i++) {
      const count = this.#counts[i] ?? 0;
      if (count > 0) visit(this.#low(i), this.#high(i), count);
    }
  }

  add(other: Histogram): void {
    const counts = this.#countsOf(other);
    for (let i = 0; i < counts.length; i++) {
      this.#counts[i] = (this.#counts[i] ?? 0) + (counts[i] ?? 0);
    }
    const exact = this.#exact;
    exact[0] = this.count + other.count;
    exact[1] = this.sumUs + other.sumUs;
    exact[2] = Math.min(this.minUs, other.minUs);
    exact[3] = Math.max(this.maxUs, other.maxUs);
    exact[4] = this.overflow + other.overflow;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#exact.fill(0);
    this.#exact[2] = Number.POSITIVE_INFINITY;
  }

  since(before: Histogram, into: Histogram): void {
    const old = this.#countsOf(before);
    const counts = this.#countsOf(into);
    into.clear();
    let n = 0;
    let first = -1;
    let last = -1;
    for (let i = 0; i < old.length; i++) {
      const count = (this.#counts[i] ?? 0) - (old[i] ?? 0);
      if (count <= 0) continue;
      counts[i] = count;
      n += count;
      if (first === -1) first = i;
      last = i;
    }
    if (last === -1) return;
    const exact = new Float64Array(into.buffer, counts.byteLength, exactSlots);
    exact[0] = n;
    exact[1] = this.sumUs - before.sumUs;
    exact[2] = this.#low(first);
    exact[3] = Math.min(this.#high(last), this.maxUs);
    exact[4] = this.overflow - before.overflow;
  }

  #countsOf(other: Histogram): Uint32Array {
    if (other.precision !== this.precision) throw histogramErrors.make("LL_LOAD_HISTOGRAM_LAYOUT");
    return new Uint32Array(other.buffer, 0, this.#counts.length);
  }

  /** Exact below 2^bits; then the top bits after the leading one. */
  #index(value: number): number {
    const octave = 31 - Math.clz32(value) - this.#bits;
    if (octave < 0) return value;
    const sub = (value >>> octave) & ((1 << this.#bits) - 1);
    return ((octave + 1) << this.#bits) + sub;
  }

  #low(index: number): number {
    const octave = (index >> this.#bits) - 1;
    if (octave < 0) return index;
    const sub = index & ((1 << this.#bits) - 1);
    return ((1 << this.#bits) + sub) * (1 << octave);
  }

  #high(index: number): number {
    const octave = Math.max(0, (index >> this.#bits) - 1);
    const last = index === this.#counts.length - 1;
    return last ? Math.max(rangeUs - 1, this.maxUs) : this.#low(index) + (1 << octave) - 1;
  }
}
