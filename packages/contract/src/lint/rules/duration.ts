import { agrees, Collector, exactOf, isAside, quoteField, shownIn } from "../finding.ts";
import { once } from "../facts/once.ts";
import { isExtreme, isMeanLabel } from "../facts/roles.ts";
import type { Amount, Field, Grid, LintRule, Quote, Report, Row, RuleResult } from "../types.ts";

const overlapping =
  /\b(?:parallel|concurrent(?:ly)?|overlap\w*|wall[ -]?clock|longest|critical path|elapsed)\b/i;
const noSum =
  /\b(?:p\d\d|avg|average|mean|max|min|median|latency|response|limit|target|timeout|interval|per)\b/i;

interface Sum {
  readonly figures: readonly Amount[];
  readonly exact: number;
  readonly slack: number;
  /** The first of its rows. */
  readonly quotes: readonly Quote[];
}

/** The durations of one column, when all of its rows have one. */
function sumOf(rows: readonly Row[], column: number): Sum | null {
  const fields = rows.flatMap((row) => {
    const field = row.fields[column];
    return field === undefined ? [] : [[row, field] as const];
  });
  const figures = fields.flatMap(([, field]) => exactOf(field) ?? []);
  const isTime = figures.every((one) => one.dimension === "time");
  if (!isTime || figures.length !== fields.length || figures.length < 2) return null;
  return {
    figures,
    exact: figures.reduce((all, one) => all + one.value, 0),
    slack: figures.reduce((all, one) => all + one.half, 0),
    quotes: fields.slice(0, 31).map((one) => quoteField(...one)),
  };
}

function compare(total: readonly [Row, Field], sum: Sum | null, out: Collector): void {
  const [row, field] = total;
  const stated = exactOf(field);
  const [first, ...others] = sum?.quotes ?? [];
  if (sum === null || stated?.dimension !== "time" || first === undefined) return;
  const { exact, slack } = sum;
  out.check(stated);
  out.checkList(sum.figures);
  if (agrees(stated, exact, slack)) return;
  out.add({
    message: `the total of ${stated.text} is not the sum of its parts, ${shownIn(exact, stated)}`,
    recomputed: shownIn(exact, stated),
    quotes: [quoteField(row, field), first, ...others],
  });
}

const mayOverlap = (grid: Grid): boolean =>
  overlapping.test(grid.section.titles.join(" ")) ||
  grid.rows.some((row) => overlapping.test(row.excerpt));

function inGrid(grid: Grid, out: Collector): void {
  const parts = grid.rows.filter((row) => !row.isTotal);
  const totals = grid.rows.filter(
    (row) => row.isTotal && !isMeanLabel(row.label) && !/^sub/i.test(row.label),
  );
  const sumAt = once((column: number) => sumOf(parts, column));
  for (const row of totals) {
    row.fields.forEach((field, column) => {
      if (noSum.test(field.name) || isExtreme(field.name)) return;
      if (field.role === "target" || field.role === "quantile") return;
      compare([row, field], sumAt(column), out);
    });
  }
}

const allStages =
  /^(?:grand )?total(?: (?:time|duration|run ?time))?$|^(?:sum|overall|summe|gesamt)$/i;
const noStage =
  /\b(?:up ?time|down ?time|rto|rpo|mtt\w|retention|age|ttl|expir\w*|window|since|left|remaining|saved|of which|thereof|davon|each)\b/i;

/** Stages take minutes; the seconds of one request may be told in part, or overlap. */
const ofStages = /^(?:m|mins?|minutes?|h|hrs?|hours?|minuten|stunden?)$/;

/** `Total: 30 min` in a list of nothing but stages and their times. */
function inList({ rows }: Grid, out: Collector): void {
  const [row, second] = rows;
  if (row === undefined || second !== undefined || row.label !== "") return;
  const totals = row.fields.filter(({ name }) => allStages.test(name.trim()));
  const [total] = totals;
  const isOther = ({ name, role }: Field): boolean =>
    noSum.test(name) ||
    noStage.test(name) ||
    isExtreme(name) ||
    role === "target" ||
    role === "quantile";
  if (total === undefined || totals.length !== 1 || row.fields.some(isOther)) return;
  if (!ofStages.test(exactOf(total)?.unit ?? "")) return;
  const parts = row.fields.filter((field) => field !== total);
  const rowsOf = parts.map((field): Row => ({ ...row, fields: [field] }));
  compare([row, total], sumOf(rowsOf, 0), out);
}

/** `Total duration: 30 min` in a list, beside one table of stages. */
function fromHeadline(report: Report, out: Collector): void {
  const tables = report.grids.filter(
    (grid) =>
      grid.rows.length >= 2 &&
      !grid.rows.some((row) => row.isTotal) &&
      !isAside(grid.section) &&
      !mayOverlap(grid) &&
      grid.rows[0]?.fields.some((field) => field.role === "duration"),
  );
  const [grid] = tables;
  if (grid === undefined || tables.length !== 1) return;
  const column = grid.rows[0]?.fields.findIndex((field) => field.role === "duration") ?? -1;
  const sumAt = once((at: number) => sumOf(grid.rows, at));
  for (const one of report.grids) {
    const [row] = one.rows;
    if (one === grid || row === undefined || one.rows.length !== 1) continue;
    for (const field of row.fields) {
      const isTotal = /\btotal\b/i.test(field.name) && field.role === "duration";
      if (isTotal && !overlapping.test(field.name + field.cell.text))
        compare([row, field], sumAt(column), out);
    }
  }
}

function run(report: Report): RuleResult {
  const out = new Collector("duration", "contradiction");
  for (const grid of report.grids) {
    if (mayOverlap(grid)) continue;
    inGrid(grid, out);
    inList(grid, out);
  }
  fromHeadline(report, out);
  return out;
}

export const durationRule: LintRule = {
  id: "duration",
  summary: "a total time that its stages do not add up to",
  level: "contradiction",
  saboteur: {
    text: "| Stage | Duration |\n|---|---|\n| Probe | 4 min |\n| Load | 20 min |\n| Total | 30 min |\n",
    clean:
      "| Stage | Duration |\n|---|---|\n| Probe | 4 min |\n| Load | 20 min |\n| Total | 24 min |\n",
  },
  run,
};
