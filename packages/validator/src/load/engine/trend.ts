/** Fewer points than this show no trend. */
const pointsMin = 8;
/** One-sided 95 %. */
const z = 1.6449;

/**
 * Whether values, evenly spaced in time, rise: the lower end of the 95 % interval of their
 * Theil-Sen slope is above 0.
 */
export function rises(values: readonly number[]): boolean {
  const n = values.length;
  if (n < pointsMin) return false;
  const slopes: number[] = [];
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) slopes.push(((values[j] ?? 0) - (values[i] ?? 0)) / (j - i));
  }
  slopes.sort((a, b) => a - b);
  const spread = z * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  const lower = slopes[Math.max(0, Math.floor((slopes.length - spread) / 2))];
  return lower !== undefined && lower > 0;
}
