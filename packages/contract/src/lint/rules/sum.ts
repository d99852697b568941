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

function checkColumn(grid: Grid, total: Row, column: number, out: Collector): void {
  const field = total.fields[column];
  const stated = exactOf(field);
  if (field === undefined || stated === null || !additive.has(field.role)) return;
  if (notAdditive.test(field.name)) return;
  if (!isCount(stated) && stated.dimension !== "bytes" && stated.dimension !== "points") return;
  const parts = grid.rows.filter((row) => !row.isTotal).map((row) => addend(row.fields[column]));
  const figures = parts.filter((one) => one !== 0 && one !== null);
  if (parts.includes(null) || figures.length < 2) return;
  if (figures.some((one) => one.dimension !== stated.dimension)) return;
  if (stated.dimension === "count" && !figures.every(isCount)) return;
  const sum = figures.reduce((all, one) => all + one.value, 0);
  const slack =
    stated.dimension === "count" ? -0.5 : figures.reduce((all, one) => all + one.half, 0);
  out.check(stated, ...figures);
  if (stated.dimension === "count" ? stated.value === sum : agrees(stated, sum, slack)) return;
  // A table whose parts and total never had the same unit of counting says so by a wide gap.
  const first = grid.rows.find((row) => !row.isTotal && row.fields[column]?.amounts.length === 1);
  const part = first?.fields[column];
  if (first === undefined || part === undefined) return;
  out.add({
    message: `"${field.name}" of "${total.label}" is ${stated.text}, its rows add up to ${shownIn(sum, stated)}`,
    recomputed: shownIn(sum, stated),
    quotes: [
      quoteField(total, field),
      ...([quoteField(first, part)] as const),
      ...grid.rows
        .filter((row) => !row.isTotal && row !== first)
        .slice(0, 30)
        .flatMap((row) => {
          const other = row.fields[column];
          return other === undefined ? [] : [quoteField(row, other)];
        }),
    ],
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
