import { statusOf } from "../facts/status.ts";
import {
  Collector,
  exactOf,
  isAside,
  isCount,
  quoteField,
  quoteRow,
  quoteStatement,
  shown,
} from "../finding.ts";
import type {
  Amount,
  Field,
  Grid,
  LintRule,
  Report,
  Row,
  RuleResult,
  Statement,
} from "../types.ts";

type CountRole = "total" | "passed" | "failed";
const roles: readonly CountRole[] = ["total", "passed", "failed"];

interface Detail {
  readonly sum: number;
  readonly figures: readonly Amount[];
  readonly fields: readonly (readonly [Row, Field])[];
}

const nounOf = (name: string): string =>
  /\b(test|case|check|run|request|sample|scenario|query|message|record|step|claim|drill|probe)/i
    .exec(name)?.[1]
    ?.toLowerCase() ?? "";

/** The sum of one role's column over the rows of a table. */
function detailOf(grid: Grid, role: CountRole, noun: string): Detail | null {
  const rows = grid.rows.filter((row) => !row.isTotal);
  const fields = rows.flatMap((row) => {
    const found = row.fields.filter((field) => field.role === role);
    const [field] = found;
    return field === undefined || found.length > 1 ? [] : [[row, field] as const];
  });
  const figures = fields.flatMap(([, field]) => exactOf(field) ?? []);
  if (fields.length < rows.length || figures.length < fields.length || figures.length < 2)
    return null;
  const own = nounOf(fields[0]?.[1].name ?? "");
  if (!figures.every(isCount) || (noun !== "" && own !== "" && noun !== own)) return null;
  return { sum: figures.reduce((all, one) => all + one.value, 0), figures, fields };
}

const headline =
  /^(?:|summary|overall|results?|in short|total|overview|test summary|executive summary)$/i;

const isHeadline = (grid: Grid): boolean =>
  grid.rows.length === 1 && headline.test(grid.rows[0]?.label ?? "x") && !isAside(grid.section);

function checkHeadline(report: Report, row: Row, out: Collector): void {
  const counted = row.fields.filter(
    (field) => field.role === "total" || field.role === "passed" || field.role === "failed",
  );
  if (counted.length < 2) return;
  for (const role of roles) {
    const [field, second] = counted.filter((one) => one.role === role);
    const stated = exactOf(field);
    if (field === undefined || second !== undefined || stated === null || !isCount(stated))
      continue;
    // `n` and `bad` alone do not say what they count.
    if (/^(?:n|count|bad|good|sent|executed)$/i.test(field.name)) continue;
    const noun = nounOf(field.name);
    const details = report.grids
      .filter((grid) => grid.rows.length >= 2 && !isAside(grid.section))
      .flatMap((grid) => detailOf(grid, role, noun) ?? []);
    const [first, ...others] = details.flatMap((one) => one.fields);
    if (first === undefined) continue;
    const all = details.reduce((sum, one) => sum + one.sum, 0);
    out.check(stated, ...details.flatMap((one) => one.figures));
    if (stated.value === all || details.some((one) => one.sum === stated.value)) continue;
    out.add({
      message: `the summary has "${field.name}" ${stated.text}, the tables add up to ${shown(all)}`,
      recomputed: shown(all),
      quotes: [
        quoteField(row, field),
        quoteField(...first),
        ...others.slice(0, 30).map((one) => quoteField(...one)),
      ],
    });
  }
}

const allGood =
  /\ball (?:of the )?(?:\d{1,5} )?(?:tests|checks|cases|criteria|claims|drills|scenarios|gates|requirements|targets|components|services)(?: (?:have|has|were|are|was))?(?: \w{1,12})? (?:passed|pass|met|green|successful|succeeded|healthy|ok)\b/i;
const conditional =
  /\b(?:not|if|when|unless|until|once|must|should|except|but|aim|goal|target|required)\b/i;

/** "All checks passed" beside a row that did not. */
function checkAll(report: Report, one: Statement, out: Collector): void {
  if (!allGood.test(one.text) || conditional.test(one.text) || isAside(one.section)) return;
  for (const grid of report.grids) {
    if (isAside(grid.section) || (one.section.titles.length > 1 && !isAbove(one, grid))) continue;
    for (const row of grid.rows) {
      const field = row.fields.find((f) => f.role === "status" && f.status !== null);
      if (field === undefined || row.label === "") continue;
      out.check(...one.amounts, ...row.fields.flatMap((f) => f.amounts));
      if (field.status !== "bad" || /\b(?:waived|optional|accepted)\b/i.test(row.excerpt)) continue;
      const message = `"${row.label}" did not pass, yet all are said to have passed`;
      out.add({
        message,
        recomputed: `"${row.label}": ${field.cell.text}`,
        quotes: [quoteStatement(one), quoteRow(row)],
      });
    }
  }
}

/** A claim deep in the report speaks of its own section alone. */
function isAbove(one: Statement, grid: Grid): boolean {
  const [, second] = one.section.titles;
  return grid.section.titles.includes(second ?? "");
}

/** "9 of 10 checks passed" beside one table of ten verdicts. */
function checkShare(report: Report, one: Statement, out: Collector): void {
  const [share, second] = one.amounts.filter((a) => a.of !== undefined);
  if (
    share?.of === undefined ||
    second !== undefined ||
    !/\b(?:passed|pass|met|successful)\b/i.test(one.text)
  )
    return;
  if (isAside(one.section) || conditional.test(one.text)) return;
  for (const grid of report.grids) {
    const rows = grid.rows.filter(
      (row) => !row.isTotal && row.fields.some((f) => f.role === "status" && f.status !== null),
    );
    const [first, ...others] = rows;
    if (first === undefined || rows.length !== share.of || isAside(grid.section)) continue;
    const good = rows.filter((row) =>
      row.fields.some((f) => f.role === "status" && statusOf(f.cell.text) === "good"),
    );
    out.check(share);
    if (good.length === share.value) continue;
    out.add({
      message: `${share.text} are said to have passed, the table shows ${good.length}`,
      recomputed: `${good.length} of ${rows.length}`,
      quotes: [quoteStatement(one), quoteRow(first), ...others.slice(0, 30).map(quoteRow)],
    });
  }
}

function run(report: Report): RuleResult {
  const out = new Collector("sections", "contradiction");
  for (const grid of report.grids.filter(isHeadline))
    for (const row of grid.rows) checkHeadline(report, row, out);
  for (const one of report.statements) {
    checkAll(report, one, out);
    checkShare(report, one, out);
  }
  return out;
}

export const sectionsRule: LintRule = {
  id: "sections",
  summary: "a summary that the tables below it do not add up to",
  level: "contradiction",
  saboteur: {
    text: "Summary: 30 tests, 29 passed, 1 failed.\n\n| Suite | Tests | Passed | Failed |\n|---|---|---|---|\n| API | 20 | 19 | 1 |\n| UI | 12 | 12 | 0 |\n",
    clean:
      "Summary: 32 tests, 31 passed, 1 failed.\n\n| Suite | Tests | Passed | Failed |\n|---|---|---|---|\n| API | 20 | 19 | 1 |\n| UI | 12 | 12 | 0 |\n",
  },
  run,
};
