import { dayOf } from "../facts/dates.ts";
import { Collector, isAside, quoteField } from "../finding.ts";
import type { Field, LintRule, Report, Row, RuleResult } from "../types.ts";

/** Days after which a figure is of another state of the system. */
const freshDays = 30;
const reportDate =
  /^(?:report |document |generated |issue |release |publication )?(?:date|generated|created|issued|published|prepared|date of (?:issue|report)|report generated|generated (?:on|at))$/i;
const lasting =
  /\b(?:expir\w*|valid|renew\w*|created|due|next|deadline|planned|start(?:ed)?|since|certificate|contract|approved|birth)\b/i;

interface Dated {
  readonly row: Row;
  readonly field: Field;
  readonly day: number;
}

function reportDay(report: Report): Dated | null {
  const rows = report.grids.filter((grid) => grid.rows.length === 1).flatMap((grid) => grid.rows);
  for (const row of rows) {
    for (const field of row.fields) {
      const day = reportDate.test(field.name.trim()) ? dayOf(field.cell.text) : null;
      if (day !== null) return { row, field, day };
    }
  }
  return null;
}

function run(report: Report): RuleResult {
  const out = new Collector("stale", "unsupported");
  const today = reportDay(report);
  if (today === null) return out;
  for (const grid of report.grids) {
    if (isAside(grid.section) || grid.rows.includes(today.row)) continue;
    for (const row of grid.rows) {
      const hasResult = row.fields.some(
        (one) =>
          one.status !== null ||
          one.role === "value" ||
          one.role === "quantile" ||
          one.role === "passed",
      );
      for (const field of row.fields) {
        const day =
          hasResult && !lasting.test(`${field.name} ${row.label}`) ? dayOf(field.cell.text) : null;
        if (day === null) continue;
        out.compare(1);
        const age = today.day - day;
        if (age <= freshDays) continue;
        out.add({
          message: `the result of "${row.label}" is ${age} days older than the report`,
          recomputed: `${age} days`,
          quotes: [quoteField(row, field), quoteField(today.row, today.field)],
        });
      }
    }
  }
  return out;
}

export const staleRule: LintRule = {
  id: "stale",
  summary: "results of an earlier date than the report they stand in",
  level: "unsupported",
  saboteur: {
    text: "Date: 2026-06-01\n\n| Drill | Result | Run on |\n|---|---|---|\n| Restore | PASS | 2026-01-10 |\n| Failover | PASS | 2026-05-30 |\n",
    clean:
      "Date: 2026-06-01\n\n| Drill | Result | Run on |\n|---|---|---|\n| Restore | PASS | 2026-05-28 |\n| Failover | PASS | 2026-05-30 |\n",
  },
  run,
};
