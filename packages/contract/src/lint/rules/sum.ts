import { agrees, Collector, exactOf, isCount, quoteField, shown, shownIn } from "../finding.ts";
import { once } from "../facts/once.ts";
import { isExtreme, isMeanLabel } from "../facts/roles.ts";
import type { Amount, Field, LintRule, Quote, Report, Row, RuleResult } from "../types.ts";

const additive: ReadonlySet<string> = new Set([
  "total",
  "passed",
  "failed",
  "open",
  "other",
  "value",
]);
const notAdditive =
  /\b(?:avg|average|mean|max|min|peak|per|ratio|median|version|port|id|latency|limit|cpu|utili[sz]ation|level|priority|year|users|concurrency|vus|rank|order|replicas)\b|[%#]/i;

/** The figure of a cell that adds up; nothing written adds nothing. */
function addend(field: Field | undefined): Amount | 0 | null {
  if (field === undefined || /^[-\u2013\u2014]?$/.test(field.cell.text)) return 0;
  return exactOf(field);
}

/** What the rows of one column come to, read once for every total below it. */
interface Column {
  readonly figures: readonly Amount[];
  readonly sum: number;
  readonly slack: number;
  readonly dimensions: ReadonlySet<Amount["dimension"]>;
  readonly areCounts: boolean;
  readonly quotes: readonly Quote[];
}

/** The column's figures; null when a cell of it does not add up or fewer than two have one. */
function columnOf(rows: readonly Row[], column: number): Column | null {
  const parts = rows.map((row) => addend(row.fields[column]));
  const figures = parts.filter((one) => one !== 0 && one !== null);
  if (parts.includes(null) || figures.length < 2) return null;
  return {
    figures,
    sum: figures.reduce((all, one) => all + one.value, 0),
    slack: figures.reduce((all, one) => all + one.half, 0),
    dimensions: new Set(figures.map((one) => one.dimension)),
    areCounts: figures.every(isCount),
    quotes: rows.slice(0, 30).flatMap((row) => {
      const part = row.fields[column];
      return part === undefined ? [] : [quoteField(row, part)];
    }),
  };
}

/** The figure of a total that its column may add up to; null when it does not by its nature. */
function statedIn(field: Field): Amount | null {
  const stated = exactOf(field);
  if (stated === null || !additive.has(field.role)) return null;
  const isSummable =
    isCount(stated) || stated.dimension === "bytes" || stated.dimension === "points";
  return isSummable && !notAdditive.test(field.name) && !isExtreme(field.name) ? stated : null;
}

function checkTotal(total: Row, columnAt: (column: number) => Column | null, out: Collector): void {
  total.fields.forEach((field, at) => {
    const stated = statedIn(field);
    const column = stated === null ? null : columnAt(at);
    if (stated !== null && column !== null) checkColumn({ total, field, stated }, column, out);
  });
}

interface Stated {
  readonly total: Row;
  readonly field: Field;
  readonly stated: Amount;
}

function checkColumn({ total, field, stated }: Stated, column: Column, out: Collector): void {
  const { figures, sum, slack, dimensions } = column;
  if (dimensions.size > 1 || !dimensions.has(stated.dimension)) return;
  if (stated.dimension === "count" && !column.areCounts) return;
  out.check(stated);
  out.checkList(figures);
  if (stated.dimension === "count" ? stated.value === sum : agrees(stated, sum, slack)) return;
  const [first, ...others] = column.quotes;
  if (first === undefined) return;
  const exact = shownIn(sum, stated);
  out.add({
    message: `"${field.name}" of "${total.label}" is ${stated.text}, its rows add up to ${exact}`,
    recomputed: exact,
    quotes: [quoteField(total, field), first, ...others],
  });
}

/** Counts that a tool may hold among the passed or failed as well. */
const elsewhere = /warn|flaky|unstable|rerun|retried|out|xpass|deselect/i;

/** Sums a row may mean: warnings may stand beside a pass, errors may be among the failures. */
function sumsOf(row: Row, total: Field): number[] | null {
  const of = (role: string): Field[] => row.fields.filter((one) => one.role === role);
  const passed = of("passed");
  const failed = of("failed");
  const open = of("open");
  const all = [...passed, ...failed, ...open].map((one) => exactOf(one));
  if (passed.length !== 1 || failed.length === 0) return null;
  if (all.some((one) => one === null || !isCount(one))) return null;
  const value = (fields: readonly Field[]): number =>
    fields.reduce((sum, one) => sum + (exactOf(one)?.value ?? 0), 0);
  const doubted = open.filter((one) => elsewhere.test(one.name));
  const sure = open.filter((one) => !elsewhere.test(one.name));
  const base = value(passed);
  const bad = [value(failed)];
  if (failed.length > 1) bad.push(failed.reduce((most, one) => Math.max(most, value([one])), 0));
  const rest = [value(open)];
  if (doubted.length > 0) {
    rest.push(value(sure), ...doubted.map((one) => value(open) - value([one])));
  }
  if (/\b(?:executed|run|ran)\b/i.test(total.name)) rest.push(0);
  return bad.flatMap((one) => rest.map((more) => base + one + more));
}

function checkRow(row: Row, out: Collector): void {
  const totals = row.fields.filter((one) => one.role === "total");
  const [total] = totals;
  const stated = exactOf(total);
  if (total === undefined || totals.length !== 1 || stated === null || !isCount(stated)) return;
  const sums = sumsOf(row, total);
  const [sum] = sums ?? [];
  if (sums === null || sum === undefined) return;
  const parts = row.fields.filter((one) => /^(?:passed|failed|open)$/.test(one.role));
  out.check(stated, ...parts.flatMap((one) => one.amounts));
  if (sums.includes(stated.value)) return;
  const [first, second, ...others] = parts.map((one) => quoteField(row, one));
  if (first === undefined || second === undefined) return;
  const where = row.label === "" ? "" : ` of "${row.label}"`;
  out.add({
    message: `"${total.name}"${where} is ${stated.text}, its parts add up to ${shown(sum)}`,
    recomputed: shown(sum),
    quotes: [quoteField(row, total), first, second, ...others],
  });
}

function run(report: Report): RuleResult {
  const out = new Collector("sum", "contradiction");
  for (const grid of report.grids) {
    for (const row of grid.rows) checkRow(row, out);
    const parts = grid.rows.filter((row) => !row.isTotal);
    const columnAt = once((column: number) => columnOf(parts, column));
    for (const total of grid.rows) {
      if (!total.isTotal || isMeanLabel(total.label) || /^sub/i.test(total.label)) continue;
      checkTotal(total, columnAt, out);
    }
  }
  return out;
}

export const sumRule: LintRule = {
  id: "sum",
  summary: "a total that its rows, or the parts of its row, do not add up to",
  level: "contradiction",
  saboteur: {
    text: "| Suite | Tests | Passed | Failed |\n|---|---|---|---|\n| API | 20 | 19 | 1 |\n| UI | 12 | 12 | 0 |\n| Total | 34 | 31 | 1 |\n",
    clean:
      "| Suite | Tests | Passed | Failed |\n|---|---|---|---|\n| API | 20 | 19 | 1 |\n| UI | 12 | 12 | 0 |\n| Total | 32 | 31 | 1 |\n",
  },
  run,
};
