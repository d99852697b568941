/** Blocks a series is cut into; their medians are taken for independent. */
export const slopeBlocks = 30;
/** Fewest samples of a block. */
const perBlockMin = 2;

/** Growth of a series with its interval, in units per ms. */
export interface SlopeInterval {
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
  /** Samples it rests on. */
  readonly n: number;
}

function median(sorted: readonly number[]): number {
  const at = sorted.length >> 1;
  const upper = sorted[at] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[at - 1] ?? Number.NaN)) / 2;
}

const ascending = (a: number, b: number): number => a - b;

type Point = readonly [ms: number, value: number];

/** Medians of time and value over blocks of equal count: a saw-tooth within a block is no growth. */
function blockPoints(samples: readonly Point[]): Point[] {
  return Array.from({ length: slopeBlocks }, (_, block) => {
    const from = Math.floor((block * samples.length) / slopeBlocks);
    const own = samples.slice(from, Math.floor(((block + 1) * samples.length) / slopeBlocks));
    const times = own.map(([ms]) => ms).sort(ascending);
    return [median(times), median(own.map(([, value]) => value).sort(ascending))] as const;
  });
}

/**
 * Theil-Sen slope over the medians of 30 blocks, with Sen's interval from Kendall's variance: no
 * distribution is assumed. `z` is the one-sided normal quantile (1.645 for 95 %). Null with fewer
 * than 60 samples.
 */
export function slopeInterval(samples: readonly Point[], z: number): SlopeInterval | null {
  if (samples.length < slopeBlocks * perBlockMin) return null;
  const points = blockPoints(samples);
  const slopes = points
    .flatMap(([t, v], i) =>
      points.slice(i + 1).flatMap(([u, w]) => (u > t ? [(w - v) / (u - t)] : [])),
    )
    .sort(ascending);
  if (slopes.length === 0) return null;
  const k = points.length;
  const deviation = Math.sqrt((k * (k - 1) * (2 * k + 5)) / 18);
  const below = Math.max(0, Math.floor((slopes.length - z * deviation) / 2));
  const lower = slopes[below] ?? Number.NaN;
  const upper = slopes[slopes.length - 1 - below] ?? Number.NaN;
  return { lower, median: median(slopes), upper, n: samples.length };
}
