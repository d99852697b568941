import { exactOf, isAside, quoteField } from "../finding.ts";
import type { Amount, Field, Grid, Quote, Report, Row } from "../types.ts";

/** Two percentiles of one thing, of which the higher one is smaller. */
export interface Unordered {
  readonly lower: Amount;
  readonly upper: Amount;
  readonly quotes: readonly [Quote, Quote];
}

/** What the percentiles of a report come to. */
export interface PercentileFacts {
  readonly checked: readonly Amount[];
  readonly unordered: readonly Unordered[];
}

interface Point {
  /** 0 the smallest, 100 the largest. */
  readonly rank: number;
  readonly subject: string;
  readonly amount: Amount;
  readonly quote: Quote;
}

const rankPattern =
  /(?<![\w.])(?:p(\d{2}(?:[.,]\d{1,3})?)|(\d{2}(?:[.,]\d{1,3})?)th percentile|(median)|(max(?:imum)?)|(min(?:imum)?))(?![\w%])/i;

/** Rank and what it is a rank of, from a name such as `p95 of chat`; null for any other name. */
function rankOf(name: string): { rank: number; subject: string } | null {
  const match = rankPattern.exec(name.slice(0, 120));
  if (match === null) return null;
  const [whole, short, long, median, max] = match;
  const digits = short ?? long;
  const fixed = median === undefined ? (max === undefined ? 0 : 100) : 50;
  const rank = digits === undefined ? fixed : Number(digits.replace(",", "."));
  const rest = name.slice(0, match.index) + name.slice(match.index + whole.length);
  // Whether limits or another day are meant is not this rule's to say.
  if (/\b(?:target|limit|slo|sla|threshold|budget|goal|allowed|before|previous)\b/i.test(rest)) {
    return null;
  }
  return {
    rank,
    subject: rest
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, " ")
      .trim(),
  };
}

function pointOf(row: Row, field: Field, name: string, inside: string): Point[] {
  const ranked = rankOf(name);
  const amount = exactOf(field);
  if (ranked === null || amount?.dimension !== "time" || field.role === "target") return [];
  const subject = `${inside} ${ranked.subject}`;
  return [{ rank: ranked.rank, subject, amount, quote: quoteField(row, field) }];
}

/** Percentiles beside each other in a row, or below each other in a column. */
function pointsOf(grid: Grid): Point[] {
  return grid.rows.flatMap((row, at) =>
    row.fields.flatMap((field, column) => [
      ...pointOf(row, field, field.name, `row ${at}`),
      ...pointOf(row, field, row.label, `column ${column}`),
    ]),
  );
}

/** Every pair of neighbouring percentiles that is in the wrong order. */
export function percentilesOf(report: Report): PercentileFacts {
  const checked: Amount[] = [];
  const unordered: Unordered[] = [];
  for (const grid of report.grids) {
    if (isAside(grid.section)) continue;
    const groups = Map.groupBy(pointsOf(grid), ({ subject }) => subject);
    for (const points of groups.values()) {
      const sorted = points.toSorted((a, b) => a.rank - b.rank);
      // A rank that is told twice is told of two things.
      if (new Set(sorted.map(({ rank }) => rank)).size < sorted.length || sorted.length < 2)
        continue;
      checked.push(...sorted.map(({ amount }) => amount));
      for (const [i, one] of sorted.entries()) {
        const next = sorted[i + 1];
        if (next === undefined) continue;
        const [lower, upper] = [one.amount, next.amount];
        if (lower.value - lower.half <= upper.value + upper.half) continue;
        unordered.push({ lower, upper, quotes: [one.quote, next.quote] });
      }
    }
  }
  return { checked, unordered };
}
