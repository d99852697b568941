import type { ForeignMetric } from "./foreign.ts";
import { halfWidthMs } from "./locust-json.ts";

/** Shares are written by k6 as they are; a hand that rounded one is not called a liar. */
const shareRoom = 0.005;

const rankOf: Readonly<Record<string, number>> = { min: 0, med: 0.5, max: 1 };

/** Counters of k6 itself that count things; a script's own may add up anything. */
const things = /^(?:http_reqs|iterations|dropped_iterations)(?:\{|$)/;

/** What is wrong with the counts of a metric, one clause; null when they can be true. */
export function countFault(metric: ForeignMetric): string | null {
  const { selector, kind, count, trues, figures } = metric;
  if (kind === "counter" && !things.test(selector)) return null;
  const counts = [count, trues].filter((one) => one !== null);
  if (!counts.every((one) => Number.isSafeInteger(one)))
    return "has a count that is no whole number";
  if (count === null || trues === null) return null;
  if (trues > count) return `does not add up: ${trues} of ${count}`;
  const told = figures["rate"] ?? figures["value"];
  if (told === undefined || count === 0 || Math.abs(told - trues / count) <= shareRoom) return null;
  return `does not add up: ${trues} of ${count} is no share of ${told}`;
}

/** Figures of a metric that can be those of one sample, and what is said of those that cannot. */
export function withSense(metric: ForeignMetric): {
  readonly metric: ForeignMetric;
  readonly doubt: string | null;
} {
  const wrong = figuresFault(metric);
  if (wrong === null) return { metric, doubt: null };
  const doubt = `Of ${metric.selector} no figure is used: ${wrong}.`;
  return { metric: { ...metric, figures: {} }, doubt };
}

function figuresFault({ kind, isTime, figures, rounding }: ForeignMetric): string | null {
  if (kind !== "trend") return null;
  const ranked = Object.entries(figures)
    .flatMap(([key, value]) => {
      const percent = /^p\((\d+(?:\.\d+)?)\)$/.exec(key)?.[1];
      const rank = percent === undefined ? rankOf[key] : Number(percent) / 100;
      return rank === undefined ? [] : [{ key, rank, value }];
    })
    .toSorted((a, b) => a.rank - b.rank);
  const [lowest] = ranked;
  if (isTime && lowest !== undefined && lowest.value < 0) {
    return `${lowest.key} is a time of ${lowest.value} ms`;
  }
  const half = (value: number): number => (rounding === "two-digits" ? halfWidthMs(value) : 0);
  for (const [at, one] of ranked.entries()) {
    const next = ranked[at + 1];
    if (next === undefined || next.rank === one.rank) continue;
    if (next.value + half(next.value) >= one.value - half(one.value)) continue;
    return `${next.key}, ${next.value}, is below ${one.key}, ${one.value}`;
  }
  return null;
}
