import { Collector, agrees, exactOf, isCount, quoteField, shown, shownIn } from "../finding.ts";
import { isMeanLabel } from "../facts/roles.ts";
import type { Amount, Field, Grid, LintRule, Report, Row, RuleResult } from "../types.ts";

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

interface Column {
  readonly field: Field;
  readonly stated: Amount;
  readonly figures: readonly Amount[];
}

/** A total and the figures it stands for; null when the column does not add up by its nature. */
function columnOf(grid: Grid, total: Row, column: number): Column | null {
  const field = total.fields[column];
  const stated = exactOf(field);
  if (field === undefined || stated === null || !additive.has(field.role)) return null;
  const isSummable =
    isCount(stated) || stated.dimension === "bytes" || stated.dimension === "points";
  if (!isSummable || notAdditive.test(field.name)) return null;
  const parts = grid.rows.filter((row) => !row.isTotal).map((row) => addend(row.fields[column]));
  const figures = parts.filter((one) => one !== 0 && one !== null);
  if (parts.includes(null) || figures.length < 2) return null;
  const isAlike = figures.every((one) => one.dimension === stated.dimension);
  const isWhole = stated.dimension !== "count" || figures.every(isCount);
  return isAlike && isWhole ? { field, stated, figures } : null;
}

function checkColumn(grid: Grid, total: Row, column: number, out: Collector): void {
  const found = columnOf(grid, total, column);
  if (found === null) return;
  const { field, stated, figures } = found;
  const sum = figures.reduce((all, one) => all + one.value, 0);
  const slack = figures.reduce((all, one) => all + one.half, 0);
  out.check(stated, ...figures);
  if (stated.dimension === "count" ? stated.value === sum : agrees(stated, sum, slack)) return;
  const quotes = grid.rows
    .filter((row) => !row.isTotal)
    .slice(0, 30)
    .flatMap((row) => {
      const part = row.fields[column];
      return part === undefined ? [] : [quoteField(row, part)];
    });
  const [first, ...others] = quotes;
  if (first === undefined) return;
  const exact = shownIn(sum, stated);
  out.add({
    message: `"${field.name}" of "${total.label}" is ${stated.text}, its rows add up to ${exact}`,
    recomputed: exact,
    quotes: [quoteField(total, field), first, ...others],
  });
}

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
  const warned = open.filter((one) => /warn/i.test(one.name));
  const sure = open.filter((one) => !/warn/i.test(one.name));
  const base = value(passed);
  const bad = [value(failed)];
  if (failed.length > 1) bad.push(Math.max(...failed.map((one) => value([one]))));
  const rest = [value(open)];
  if (warned.length > 0) rest.push(value(sure));
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
    for (const total of grid.rows) {
      if (!total.isTotal || isMeanLabel(total.label) || /^sub/i.test(total.label)) continue;
      total.fields.forEach((_, column) => checkColumn(grid, total, column, out));
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
