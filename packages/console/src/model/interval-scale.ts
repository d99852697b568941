import type { Figure, Interval } from "@loadline/contract";

/** Positions in percent of the bar's width; null = not drawn. */
export interface IntervalScale {
  readonly lower: number;
  readonly upper: number;
  /** The side has no bound and ends in an arrow. */
  readonly openLower: boolean;
  readonly openUpper: boolean;
  readonly observed: number | null;
  readonly limit: number | null;
  /** Values at the two ends of the axis, in the interval's unit. */
  readonly from: number;
  readonly to: number;
}

/** Where interval, observed value and limit lie on one axis; null when nothing is to be drawn. */
export function intervalScale(
  interval: Interval | null,
  observed: Figure | null,
  limit: Figure | null,
): IntervalScale | null {
  if (interval === null || (interval.lower === null && interval.upper === null)) return null;
  const same = (figure: Figure | null): number | null =>
    figure !== null && figure.unit === interval.unit ? figure.value : null;
  const point = same(observed);
  const tick = same(limit);
  const known = [interval.lower, interval.upper, point, tick].filter((v) => v !== null);
  const least = Math.min(...known);
  const most = Math.max(...known);
  const pad = (most - least || Math.abs(most) || 1) * 0.14;
  const from = least >= 0 ? Math.max(0, least - pad) : least - pad;
  const to = interval.unit === "ratio" ? Math.min(1, most + pad) : most + pad;
  const at = (value: number): number => Math.round(((value - from) / (to - from || 1)) * 1000) / 10;
  return {
    lower: interval.lower === null ? 0 : at(interval.lower),
    upper: interval.upper === null ? 100 : at(interval.upper),
    openLower: interval.lower === null,
    openUpper: interval.upper === null,
    observed: point === null ? null : at(point),
    limit: tick === null ? null : at(tick),
    from,
    to,
  };
}
