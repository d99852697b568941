import { quoteField, quoteStatement } from "../finding.ts";
import type { Quote, Report } from "../types.ts";
import { dayOf } from "./dates.ts";

/** The day a report says it was written, with its words. */
export interface ReportDay {
  readonly day: number;
  readonly quote: Quote;
}

const reportDate =
  /^(?:report |document |generated |issue |release |publication )?(?:date|generated|created|issued|published|prepared|date of (?:issue|report)|report generated|generated (?:on|at))$/i;
const written =
  /^(?:this )?(?:report|document|summary) (?:was )?(?:generated|created|written|prepared)\b/i;
const titled = /\b(?:report|readiness|assessment|validation|summary|sign-?off)\b/i;

/** The day of a report: a key such as `Date`, else the first heading with a date in it. */
export function reportDay(report: Report): ReportDay | null {
  const rows = report.grids.flatMap((grid) => grid.rows.filter((row) => row.label === ""));
  for (const row of rows) {
    for (const field of row.fields) {
      const day = reportDate.test(field.name.trim()) ? dayOf(field.cell.text) : null;
      if (day !== null) return { day, quote: quoteField(row, field) };
    }
  }
  const heading = report.statements.find(
    ({ kind, text }) => kind === "heading" || written.test(text),
  );
  const day = heading !== undefined && titled.test(heading.text) ? dayOf(heading.text) : null;
  return heading === undefined || day === null ? null : { day, quote: quoteStatement(heading) };
}

/** Every day a text names, in order; at most two are read. */
export function daysOf(text: string): number[] {
  const first = dayOf(text);
  if (first === null) return [];
  const split = /\b(?:to|until|through|and)\b|\u2013|\u2192| - /i.exec(text);
  const second = split === null ? null : dayOf(text.slice(split.index));
  return second === null ? [first] : [first, second];
}
