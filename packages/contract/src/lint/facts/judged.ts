import { isAside, quoteRow } from "../finding.ts";
import type { Amount, Field, Quote, Report, Row } from "../types.ts";
import { once } from "./once.ts";
import { statusOf } from "./status.ts";

/** Rows with a verdict that are spoken of together. */
export interface Judged {
  /** Rows with a verdict. */
  count: number;
  readonly figures: Amount[];
  readonly bad: (readonly [Row, Field])[];
}

/** The judged rows below each title; those of the whole report below `null`. */
export function judgedUnder(report: Report): ReadonlyMap<string | null, Judged> {
  const known = new Map<string | null, Judged>();
  for (const grid of report.grids) {
    if (isAside(grid.section)) continue;
    for (const title of new Set([null, ...grid.section.titles])) {
      const judged = known.get(title) ?? { count: 0, figures: [], bad: [] };
      known.set(title, judged);
      for (const row of grid.rows) judge(row, judged);
    }
  }
  return known;
}

function judge(row: Row, judged: Judged): void {
  const field = row.fields.find((f) => f.role === "status" && f.status !== null);
  if (field === undefined || row.label === "") return;
  judged.count += 1;
  for (const one of row.fields) for (const amount of one.amounts) judged.figures.push(amount);
  const isExcused = /\b(?:waived|optional|accepted)\b/i.test(row.excerpt);
  if (field.status === "bad" && !isExcused) judged.bad.push([row, field]);
}

/** A table of verdicts: how many, how many good, and what to quote of it. */
interface Verdicts {
  readonly count: number;
  readonly good: number;
  readonly quotes: readonly Quote[];
}

/** The tables of verdicts by their number of rows; asides are left out. */
function verdictsByCount(report: Report): ReadonlyMap<number, readonly Verdicts[]> {
  const known = new Map<number, Verdicts[]>();
  for (const grid of report.grids) {
    if (isAside(grid.section)) continue;
    const rows = grid.rows.filter(
      (row) => !row.isTotal && row.fields.some((f) => f.role === "status" && f.status !== null),
    );
    if (rows.length === 0) continue;
    const good = rows.filter((row) =>
      row.fields.some((f) => f.role === "status" && statusOf(f.cell.text) === "good"),
    ).length;
    const list = known.get(rows.length) ?? [];
    known.set(rows.length, list);
    list.push({ count: rows.length, good, quotes: rows.slice(0, 31).map(quoteRow) });
  }
  return known;
}

/** The tables of verdicts with so many rows. */
export type VerdictsOf = (count: number) => {
  readonly all: number;
  /** Tables whose number of good rows is another. */
  readonly unlike: (good: number) => readonly Verdicts[];
};

/** Reads the tables of verdicts once, however many statements ask for them. */
export function verdictsOf(report: Report): VerdictsOf {
  const byCount = verdictsByCount(report);
  return once((count: number) => {
    const list = byCount.get(count) ?? [];
    return {
      all: list.length,
      unlike: once((good: number) => list.filter((one) => one.good !== good)),
    };
  });
}
