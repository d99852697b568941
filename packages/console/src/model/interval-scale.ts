import type { Figure, Interval } from "@loadline/contract";

/** Positions in percent of the bar's width; null = not drawn. */
export interface IntervalScale {
  readonly lower: number;
  readonly upper: number;
  /** The side has no bound and ends in an arrow. */
  readonly openLower: boolean;
  readonly openUpper: boolean;
  readonly observed: number | null;
  /** The observed value is under what can be told apart: it lies somewhere between the two. */
  readonly below: { readonly from: number; readonly to: number } | null;
  readonly limit: number | null;
  /** Values at the two ends of the axis, in the interval's unit. */
  readonly from: number;
  readonly to: number;
}

/** A value is a point, or lies somewhere under its resolution. */
const seenOf = (value: number | null, resolution: number) =>
  value !== null && Math.abs(value) < resolution
    ? { point: null, below: resolution }
    : { point: value, below: null };

/** Where interval, observed value and limit lie on one axis; null when nothing is to be drawn. */
export function intervalScale(
  interval: Interval | null,
  observed: Figure | null,
  limit: Figure | null,
): IntervalScale | null {
  if (interval === null || (interval.lower === null && interval.upper === null)) return null;
  const same = (figure: Figure | null): number | null =>
    figure !== null && figure.unit === interval.unit ? figure.value : null;
  const tick = same(limit);
  const seen = seenOf(same(observed), observed?.resolution ?? 0);
  const ends = seen.below === null ? [seen.point] : [0, seen.below];
  const known = [interval.lower, interval.upper, ...ends, tick].filter((v) => v !== null);
  const least = Math.min(...known);
  const most = Math.max(...known);
  const pad = (most - least || Math.abs(most) || 1) * 0.14;
  const from = least >= 0 ? Math.max(0, least - pad) : least - pad;
  const to = interval.unit === "ratio" ? Math.min(1, most + pad) : most + pad;
  const at = (value: number): number => Math.round(((value - from) / (to - from || 1)) * 1000) / 10;
  const placed = (value: number | null): number | null => (value === null ? null : at(value));
  return {
    lower: placed(interval.lower) ?? 0,
    upper: placed(interval.upper) ?? 100,
    openLower: interval.lower === null,
    openUpper: interval.upper === null,
    observed: placed(seen.point),
    below: seen.below === null ? null : { from: at(0), to: at(seen.below) },
    limit: placed(tick),
    from,
    to,
  };
}
