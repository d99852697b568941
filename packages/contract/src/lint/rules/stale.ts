import { dayOf } from "../facts/dates.ts";
import { daysOf, type ReportDay, reportDay } from "../facts/report-day.ts";
import { Collector, isAside, quoteField, quoteStatement } from "../finding.ts";
import type { Field, Grid, LintRule, Quote, Report, Row, RuleResult } from "../types.ts";

/** Days after which a figure is of another state of the system. */
const freshDays = 30;
/** A clock elsewhere is at most a day ahead. */
const aheadDays = 1;
const lasting =
  /\b(?:expir\w*|valid|renew\w*|created|due|next|deadline|planned|schedul\w*|start(?:ed)?|since|certificate|contract|approved|birth|introduced|released|first)\b/i;
const tested =
  /^(?:last |most recently )?(?:tested|run|executed|measured|verified|validated|drilled|checked|scanned|(?:test|drill|backup|restore|scan|check|load test|measurement|validation)(?: run)? (?:date|on|run|executed|completed)|(?:last|latest) (?:test|drill|backup|restore|scan|check|load test|run|validation))(?: on| at| date)?$/i;
const ran =
  /\b(?:passed|failed|executed|tested|measured|ran|completed|performed|validated|verified|carried out|conducted)\b/i;
const otherTime =
  /\b(?:previous\w*|earlier|history|last (?:month|quarter|year)|baseline|compared|since|until|originally|was (?:introduced|released|created|fixed)|first)\b/i;
const unsaid =
  /^(?:|-+|\u2013|\u2014|n\/?a|none|tbd|tba|unknown|missing|not recorded|\?+|pending)$/i;
const whenTested =
  /^(?:date|when|as of|(?:date |last )?(?:run|tested|executed|measured|verified|drilled|checked|validated)(?: on| at| date)?|(?:test|run|drill|measurement) date)$/i;
const periodName = /\b(?:period|window|interval|duration|dates?|test run|executed|measured)\b/i;

const isResult = (row: Row): boolean =>
  row.fields.some((one) => one.status !== null || /^(?:value|quantile|passed)$/.test(one.role));

interface Dated {
  readonly label: string;
  readonly day: number;
  readonly quote: Quote;
}

/** A date of a result against the day of the report it stands in. */
function judge({ label, day, quote }: Dated, today: ReportDay, out: Collector): void {
  out.compare(1);
  const age = today.day - day;
  if (age <= freshDays && age >= -aheadDays) return;
  const days = `${Math.abs(age)} days`;
  const what = age > 0 ? `${days} older than the report` : `dated ${days} after the report`;
  out.add({
    message: `the result of "${label}" is ${what}`,
    recomputed: days,
    quotes: [quote, today.quote],
  });
}

function checkRow(row: Row, today: ReportDay, out: Collector): void {
  const isList = row.label === "";
  for (const field of row.fields) {
    const name = `${field.name} ${row.label}`;
    // A list holds many things: only a key that says when something was tested dates them.
    const isDate = isList ? tested.test(field.name.trim()) : isResult(row);
    const day = isDate && !lasting.test(name) ? dayOf(field.cell.text) : null;
    if (day === null) continue;
    const label = isList ? field.name : row.label;
    judge({ label, day, quote: quoteField(row, field) }, today, out);
  }
}

/** "Load test executed on 2026-01-15: all requests passed", as a sentence or as a pair. */
function checkSentences(report: Report, today: ReportDay, out: Collector): void {
  for (const one of report.statements) {
    if (one.kind === "heading" || isAside(one.section) || one.line === today.quote.line) continue;
    if (!ran.test(one.text) || lasting.test(one.text) || otherTime.test(one.text)) continue;
    const [day, second] = daysOf(one.text);
    if (day === undefined || second !== undefined) continue;
    const key = one.text.split(":")[0] ?? "";
    if (tested.test(key.trim())) continue;
    judge({ label: one.text.slice(0, 60), day, quote: quoteStatement(one) }, today, out);
  }
}

/** A column of dates in which a good result has none, where its neighbours have one. */
function checkMissing(grid: Grid, out: Collector): void {
  const width = grid.rows[0]?.fields.length ?? 0;
  for (let column = 0; column < width; column++) {
    const fields = grid.rows.flatMap((row) => {
      const field = row.fields[column];
      return field === undefined ? [] : [{ row, field }];
    });
    const [name] = fields.map(({ field }) => field.name);
    const dated = fields.find(({ field }) => dayOf(field.cell.text) !== null);
    if (name === undefined || dated === undefined || !whenTested.test(name.trim())) continue;
    const bare = fields.filter(({ row, field }) => isUndated(row, field));
    out.compare(bare.length);
    for (const { row, field } of bare) {
      out.add({
        message: `the good result of "${row.label}" has no date, as "${dated.row.label}" has`,
        recomputed: "no date",
        quotes: [quoteStatus(row, field), quoteField(dated.row, dated.field)],
      });
    }
  }
}

function isUndated(row: Row, field: Field): boolean {
  const isGood = row.fields.some((one) => one !== field && one.status === "good");
  return isGood && !row.isTotal && unsaid.test(field.cell.text.trim());
}

/** The row with its empty date: the cell alone would quote nothing. */
function quoteStatus(row: Row, field: Field): Quote {
  return { line: field.cell.line, text: row.excerpt };
}

/** A period whose end lies before its beginning. */
function checkPeriods(report: Report, out: Collector): void {
  const told = report.grids.flatMap(({ rows }) =>
    rows.flatMap((row) =>
      row.fields.map((field) => ({
        name: `${row.label} ${field.name}`,
        text: field.cell.text,
        quote: quoteField(row, field),
      })),
    ),
  );
  for (const { name, text, quote } of told) {
    const [from, to] = periodName.test(name) ? daysOf(text) : [];
    if (from === undefined || to === undefined) continue;
    out.compare(1);
    if (to >= from) continue;
    out.add({
      message: `the period ${text} ends ${from - to} days before it begins`,
      recomputed: `-${from - to} days`,
      quotes: [quote, { line: quote.line, text: text.slice(0, 160) }],
    });
  }
}

function run(report: Report): RuleResult {
  const out = new Collector("stale", "unsupported");
  checkPeriods(report, out);
  for (const grid of report.grids) if (!isAside(grid.section)) checkMissing(grid, out);
  const today = reportDay(report);
  if (today === null) return out;
  for (const grid of report.grids) {
    if (isAside(grid.section)) continue;
    for (const row of grid.rows) checkRow(row, today, out);
  }
  checkSentences(report, today, out);
  return out;
}

export const staleRule: LintRule = {
  id: "stale",
  summary: "results of another date than the report they stand in, or of none beside dated ones",
  level: "unsupported",
  saboteur: {
    text: "Date: 2026-06-01\n\n| Drill | Result | Run on |\n|---|---|---|\n| Restore | PASS | 2026-01-10 |\n| Failover | PASS | 2026-05-30 |\n",
    clean:
      "Date: 2026-06-01\n\n| Drill | Result | Run on |\n|---|---|---|\n| Restore | PASS | 2026-05-28 |\n| Failover | PASS | 2026-05-30 |\n",
  },
  run,
};
