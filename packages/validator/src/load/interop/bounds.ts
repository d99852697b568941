import type { ForeignMetric } from "./foreign.ts";
import { halfWidthMs } from "./locust-json.ts";

/** How many of n samples are at or over a limit: at least `sure`, at most `possible`. */
export interface Range {
  readonly sure: number;
  readonly possible: number;
}

/** One figure of a distribution: at least `atLeast(n)` samples are at or over `fromMs`, and so on. */
interface Point {
  /** The true value lies in `fromMs..untilMs`. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Samples at or above the value's rank. */
  readonly above: number;
  /** Samples above the value's rank. */
  readonly beyond: number;
}

/**
 * Samples of a trend at or over `limitMs`, from whatever its summary holds: rounded buckets with
 * their half-widths, else the figures whose ranks are known. Without any figure 0..n.
 */
export function overRange(metric: ForeignMetric, n: number, limitMs: number): Range {
  let range: Range = { sure: 0, possible: n };
  for (const point of pointsOf(metric, n)) {
    if (point.fromMs >= limitMs) range = narrow(range, { sure: point.above, possible: n });
    else if (point.untilMs < limitMs) range = narrow(range, { sure: 0, possible: point.beyond });
  }
  return metric.buckets === null ? range : narrow(range, bucketRange(metric.buckets, limitMs));
}

/** Both hold; when rounding makes them contradict, neither is trusted beyond the other. */
function narrow(a: Range, b: Range): Range {
  const sure = Math.max(a.sure, b.sure);
  const possible = Math.min(a.possible, b.possible);
  return sure <= possible ? { sure, possible } : { sure: possible, possible: sure };
}

function bucketRange(buckets: NonNullable<ForeignMetric["buckets"]>, limitMs: number): Range {
  let [sure, possible] = [0, 0];
  for (const [ms, count] of buckets) {
    const half = halfWidthMs(ms);
    if (ms - half >= limitMs) sure += count;
    if (ms + half >= limitMs) possible += count;
  }
  return { sure, possible };
}

function pointsOf({ figures, rounding }: ForeignMetric, n: number): Point[] {
  const points: Point[] = [];
  if (n < 1) return points;
  const { min, max, med } = figures;
  // The extremes are exact in every format.
  if (min !== undefined) points.push({ fromMs: min, untilMs: min, above: n, beyond: n - 1 });
  if (max !== undefined) points.push({ fromMs: max, untilMs: max, above: 1, beyond: 0 });
  const add = rounding === "interpolated" ? interpolated : rounded;
  if (med !== undefined) points.push(add(med, 0.5, n));
  for (const [key, value] of Object.entries(figures)) {
    const percent = /^p\((\d+(?:\.\d+)?)\)$/.exec(key)?.[1];
    if (percent !== undefined) points.push(add(value, Number(percent) / 100, n));
  }
  return points;
}

const guard = 1e-9;

/** k6 interpolates between the samples around index (n - 1) q. */
function interpolated(value: number, q: number, n: number): Point {
  const at = (n - 1) * q;
  const [below, next] = [Math.floor(at + guard), Math.ceil(at - guard)];
  return { fromMs: value, untilMs: value, above: n - next, beyond: n - 1 - below };
}

/** Locust walks its rounded buckets from the top down to the one with int(n q) samples below. */
function rounded(value: number, q: number, n: number): Point {
  const half = halfWidthMs(value);
  const rank = Math.floor(n * q + guard);
  return {
    fromMs: value - half,
    untilMs: value + half,
    above: Math.max(0, n - rank),
    beyond: Math.max(0, n - rank - 1),
  };
}
