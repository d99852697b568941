/** Are bad events independent? Bursts make a binomial interval far too narrow. */

export type Slice = readonly [n: number, bad: number];

export interface Dispersion {
  /** Observed over binomial variance, or bad events per episode; 1 = independent. */
  readonly factor: number;
  readonly dependent: boolean;
  /** Set for 2..4 bad events. */
  readonly episodes?: number;
}

/** Independent failures exceed it about one time in 25 over 30 batches. */
export const dispersionMax = 1.5;
export const batchCount = 30;

/** Joins slices into at most `count` batches of equal time. */
export function toBatches(slices: readonly Slice[], count = batchCount): Slice[] {
  const size = Math.max(1, slices.length / count);
  const batches: [number, number][] = [];
  slices.forEach(([n, bad], index) => {
    const at = Math.min(count - 1, Math.floor(index / size));
    const batch = (batches[at] ??= [0, 0]);
    batch[0] += n;
    batch[1] += bad;
  });
  return batches.filter((batch) => batch !== undefined && batch[0] > 0);
}

/** Variance of bad over equal-time batches divided by the binomial variance. */
export function varianceRatio(slices: readonly Slice[]): number {
  const batches = toBatches(slices);
  const n = batches.reduce((sum, [count]) => sum + count, 0);
  const bad = batches.reduce((sum, [, count]) => sum + count, 0);
  const p = n === 0 ? 0 : bad / n;
  if (batches.length < 2 || p === 0 || p === 1) return 1;
  const sum = batches.reduce((total, [m, k]) => total + (k - m * p) ** 2 / (m * p * (1 - p)), 0);
  return sum / (batches.length - 1);
}

/** Bad events no further apart than max(1 s, 5 mean gaps) are one episode; slices blur upwards. */
export function countEpisodes(slices: readonly Slice[], sliceMs: number): number {
  const n = slices.reduce((sum, [count]) => sum + count, 0);
  const gapMs = n === 0 ? 0 : (slices.length * sliceMs) / n;
  const windowMs = Math.max(1_000, 5 * gapMs);
  let episodes = 0;
  let last = -Infinity;
  slices.forEach(([, bad], index) => {
    if (bad === 0) return;
    if ((index - last) * sliceMs > Math.max(windowMs, sliceMs)) episodes++;
    last = index;
  });
  return episodes;
}

/** Section 3 rule 5 of the verdict rules: none for k < 2, episodes for 2..4, variance from 5. */
export function checkDispersion(slices: readonly Slice[], sliceMs: number): Dispersion {
  const bad = slices.reduce((sum, [, count]) => sum + count, 0);
  if (bad < 2) return { factor: 1, dependent: false };
  if (bad < 5) {
    const episodes = countEpisodes(slices, sliceMs);
    return { factor: bad / Math.max(1, episodes), dependent: episodes < bad, episodes };
  }
  const factor = varianceRatio(slices);
  return { factor, dependent: factor > dispersionMax };
}
