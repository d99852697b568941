import { exactOf, isCount, isExact, quoteField, quoteStatement } from "../finding.ts";
import { once } from "./once.ts";
import type { Amount, Field, Quote, Report, Row, Statement } from "../types.ts";

/** A percentage beside the counts it comes from. */
export interface RateFact {
  readonly percent: Amount;
  /** Per cent that follows from the counts, either way of reading. */
  readonly exact: readonly number[];
  /** Per cent when what was skipped or warned is left out; empty when nothing was. */
  readonly without: readonly number[];
  readonly counts: readonly Amount[];
  readonly says: string;
  readonly quotes: readonly [Quote, Quote, ...Quote[]];
}

const otherMeaning =
  /\b(?:confidence|ci|interval|target|threshold|goal|slo|sla|limit|objective|required|at least|minimum|budget|percentile|cpu|memory|of the time|faster|slower|improve\w*|increase\w*|decrease\w*|reduc\w*)\b/i;

function statementRate(one: Statement): RateFact | null {
  const shares = one.amounts.filter((a) => a.of !== undefined && a.of > 0 && a.value <= a.of);
  const percents = one.amounts.filter((a) => a.dimension === "percent");
  const [share] = shares;
  const [percent] = percents;
  if (share?.of === undefined || percent === undefined) return null;
  if (shares.length !== 1 || percents.length !== 1 || !isExact(percent)) return null;
  const gap = percent.start > share.end ? percent.start - share.end : share.start - percent.end;
  const around = one.text.slice(
    Math.min(share.start, percent.start),
    Math.max(share.end, percent.end) + 16,
  );
  if (gap > 60 || share.comparator !== "=" || otherMeaning.test(around)) return null;
  const ratio = (100 * share.value) / share.of;
  return {
    percent,
    exact: [ratio, 100 - ratio],
    without: [],
    counts: [share],
    says: `${share.text} is`,
    quotes: [
      { line: share.line, text: share.text },
      { line: percent.line, text: percent.text },
      quoteStatement(one),
    ],
  };
}

const sumOf = (fields: readonly Field[]): number | null =>
  fields.reduce<number | null>((sum, field) => {
    const one = exactOf(field);
    return sum === null || one === null || !isCount(one) ? null : sum + one.value;
  }, 0);

interface Counts {
  readonly part: number;
  readonly whole: number;
  readonly without: number | null;
  readonly fields: readonly Field[];
}

/** Everything a row counts: as its total says, else what passed, failed and was left open. */
function wholeOf(row: Row): number | null {
  const of = (role: string): Field[] => row.fields.filter((one) => one.role === role);
  const totals = of("total");
  if (totals.length > 1) return null;
  if (totals.length === 1) return sumOf(totals);
  if (of("passed").length !== 1 || of("failed").length !== 1) return null;
  return sumOf([...of("passed"), ...of("failed"), ...of("open")]);
}

/** Of how many a rate would be if what was left open did not count. */
function withoutOpen(row: Row, whole: number): number | null {
  const of = (role: string): Field[] => row.fields.filter((one) => one.role === role);
  const [passed, failed, open] = [of("passed"), of("failed"), of("open")];
  const isDecided = passed.length === 1 && failed.length === 1;
  const skipped = open.length === 0 ? null : sumOf(open);
  const rest = isDecided
    ? sumOf([...passed, ...failed])
    : skipped === null
      ? null
      : whole - skipped;
  return rest === null || rest <= 0 ? null : rest;
}

/** Counts of a row: what passed (or failed), of how many, and of how many that were decided. */
function countsOf(row: Row, isBad: boolean): Counts | null {
  const part = row.fields.filter((one) => one.role === (isBad ? "failed" : "passed"));
  const known = part.length === 1 ? sumOf(part) : null;
  const whole = wholeOf(row);
  if (known === null || whole === null || whole <= 0 || known > whole) return null;
  const others = row.fields.filter((one) => one.role === "total" || one.role === "open");
  return { part: known, whole, without: withoutOpen(row, whole), fields: [...part, ...others] };
}

function rowRates(row: Row): RateFact[] {
  const countsWhen = once((isBad: boolean) => countsOf(row, isBad));
  return row.fields.flatMap((field): RateFact[] => {
    const percent = exactOf(field);
    const isBad = field.role === "badRate";
    if (percent?.dimension !== "percent" || (field.role !== "rate" && !isBad)) return [];
    if (/\b(?:availability|uptime|target)\b/i.test(field.name)) return [];
    const counts = countsWhen(isBad);
    const [first, ...others] = counts?.fields ?? [];
    if (counts === null || first === undefined) return [];
    const { part, whole, without } = counts;
    return [
      {
        percent,
        exact: [(100 * part) / whole],
        without: without === null || without === whole ? [] : [(100 * part) / without],
        counts: counts.fields.flatMap((one) => one.amounts),
        says: `${row.label === "" ? "" : `"${row.label}": `}${part} of ${whole} is`,
        quotes: [
          quoteField(row, field),
          quoteField(row, first),
          ...others.map((one) => quoteField(row, one)),
        ],
      },
    ];
  });
}

/** A cell such as `18/20 (90 %)`. */
function cellRates(row: Row): RateFact[] {
  return row.fields.flatMap((field) => {
    const { text, line } = field.cell;
    const one: Statement = {
      kind: "text",
      text,
      line,
      tick: null,
      amounts: field.amounts,
      section: { titles: [], line },
    };
    return field.amounts.length === 2 && field.role !== "target" ? (statementRate(one) ?? []) : [];
  });
}

/** Every percentage of a report that stands beside its counts. */
export function ratesOf(report: Report): RateFact[] {
  const rows = report.grids.flatMap((grid) => grid.rows);
  const spoken = report.statements.flatMap((one) => statementRate(one) ?? []);
  const known = new Set(spoken.map((one) => `${one.percent.line} ${one.percent.text}`));
  const inCells = rows
    .flatMap(cellRates)
    .filter((one) => !known.has(`${one.percent.line} ${one.percent.text}`));
  return [...rows.flatMap(rowRates), ...inCells, ...spoken];
}
