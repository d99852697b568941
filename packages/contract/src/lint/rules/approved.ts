import { approvalsOf, isExcuse, isExcused } from "../facts/approval.ts";
import {
  Collector,
  exactOf,
  isAside,
  isCount,
  quoteField,
  quoteRow,
  quoteStatement,
} from "../finding.ts";
import type { Field, LintRule, Quote, Report, Row, RuleResult } from "../types.ts";

const mild = /\b(?:warn\w*|yellow|amber|inactive|disabled|degraded)\b|\u26a0|\u{1f7e1}|\u{1f7e0}/iu;

/** The verdict of a row, when it is a plain one. */
function verdictOf(row: Row): Field | undefined {
  const named = row.fields.filter((one) => one.role === "status" && one.status !== null);
  const other = row.fields.filter(
    (one) => one.status !== null && /^(?:value|other|passed)$/.test(one.role),
  );
  return named[0] ?? (row.fields.length <= 3 ? other.at(-1) : undefined);
}

function isAgainst(row: Row): boolean {
  const field = verdictOf(row);
  if (field === undefined || row.label === "" || isExcused(row)) return false;
  if (field.status !== "bad" && field.status !== "open") return false;
  // A column such as "Breaking change" answers no without failing.
  if (
    field.role !== "status" &&
    /^(?:no|yes|none|false|true|down|up|error|red)$/i.test(field.cell.text)
  )
    return false;
  return !mild.test(field.cell.text);
}

/** Failing tests of a suite; failed requests of a load have their own limit. */
function failedTests(row: Row, titles: string): Field | undefined {
  const counts = row.fields.filter(
    (one) => one.role === "failed" || one.role === "total" || one.role === "passed",
  );
  const isTests = /\b(?:tests?|checks?|cases?|specs?|suites?|claims?)\b/i.test(
    `${titles} ${counts.map((one) => one.name).join(" ")}`,
  );
  if (!isTests || isExcused(row)) return undefined;
  return row.fields.find((one) => {
    const amount = one.role === "failed" ? exactOf(one) : null;
    return amount !== null && isCount(amount) && amount.value > 0;
  });
}

interface Against {
  readonly quote: Quote;
  readonly name: string;
}

/** Items of a list behind a cross. */
function crossed(report: Report, out: Collector): Against[] {
  const items = report.statements.filter(({ tick, section }) => tick !== null && !isAside(section));
  out.compare(items.length);
  return items
    .filter((one) => one.tick === "failed" && !isExcuse(one.text))
    .map((one) => ({ quote: quoteStatement(one), name: `"${one.text.slice(0, 80)}" has a cross` }));
}

const failedWord = /^(?:fail|failed|failing|failure|not passed|fehlgeschlagen)\b/i;

/** `Restore: failed` in a list of `key: value`. */
function failedPairs(row: Row): Against[] {
  return row.fields
    .filter((one) => one.role === "other" && one.status === "bad" && failedWord.test(one.cell.text))
    .filter((one) => !isExcuse(`${one.name} ${one.cell.text}`))
    .map((one) => ({ quote: quoteField(row, one), name: `"${one.name}" is ${one.cell.text}` }));
}

function run(report: Report): RuleResult {
  const out = new Collector("approved", "contradiction");
  const [approval] = approvalsOf(report);
  if (approval === undefined) return out;
  const against = crossed(report, out);
  for (const grid of report.grids) {
    if (isAside(grid.section)) continue;
    for (const row of grid.rows) {
      if (row.label === "" && grid.rows.length === 1) against.push(...failedPairs(row));
      const verdict = verdictOf(row);
      if (verdict !== undefined && row.label !== "") out.compare(1);
      if (isAgainst(row))
        against.push({
          quote: quoteRow(row),
          name: `"${row.label}" is ${verdict?.cell.text ?? ""}`,
        });
      const failed = failedTests(row, grid.section.titles.join(" "));
      if (failed !== undefined)
        against.push({ quote: quoteField(row, failed), name: `${failed.cell.text} failed` });
      out.check(...row.fields.filter((one) => one.role === "failed").flatMap((one) => one.amounts));
    }
  }
  const [first, ...others] = against;
  if (first === undefined) return out;
  out.add({
    message: `said to be ready, yet ${first.name}`,
    recomputed: `${against.length} ${against.length === 1 ? "row" : "rows"} against it`,
    quotes: [approval, first.quote, ...others.slice(0, 30).map((one) => one.quote)],
  });
  return out;
}

export const approvedRule: LintRule = {
  id: "approved",
  summary: "an approval beside failing or untested rows",
  level: "contradiction",
  saboteur: {
    text: "The service is ready for production, see run.json.\n\n| Check | Status |\n|---|---|\n| Login | PASS |\n| Restore from backup | FAIL |\n",
    clean:
      "The service is ready for production, see run.json.\n\n| Check | Status |\n|---|---|\n| Login | PASS |\n| Restore from backup | PASS |\n",
  },
  run,
};
