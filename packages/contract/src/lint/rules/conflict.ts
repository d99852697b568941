import { Collector, isAside, quoteRow } from "../finding.ts";
import type { LintRule, Quote, Report, RuleResult, Status } from "../types.ts";

const scoped =
  /\b(?:staging|production|dev|qa|test environment|run \d|attempt|phase|iteration|round|day \d|sprint|first|second|third|initial|final|retest|re-run|rerun|after|region|cluster|tenant|local)\b/i;

interface Said {
  readonly status: Status;
  readonly quote: Quote;
  readonly text: string;
  readonly grid: number;
}

const keyOf = (label: string): string =>
  label
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

function run(report: Report): RuleResult {
  const out = new Collector("conflict", "contradiction");
  const known = new Map<string, Said>();
  report.grids.forEach((grid, index) => {
    if (isAside(grid.section) || scoped.test(grid.section.titles.join(" "))) return;
    for (const row of grid.rows) {
      const field = row.fields.find((one) => one.role === "status" && one.status !== null);
      const key = keyOf(row.label);
      if (field === undefined || field.status === null || key.length < 4 || row.isTotal) continue;
      if (
        row.fields.some(
          (one) => one.role === "date" || one.role === "change" || scoped.test(one.name),
        )
      )
        continue;
      const one: Said = {
        status: field.status,
        quote: quoteRow(row),
        text: field.cell.text,
        grid: index,
      };
      const other = known.get(key);
      if (other === undefined) {
        known.set(key, one);
        continue;
      }
      out.compare(1);
      const both = new Set([one.status, other.status]);
      const isOpposed = both.has("good") && (both.has("bad") || both.has("open"));
      if (!isOpposed || other.grid === index) continue;
      out.add({
        message: `"${row.label}" is ${other.text} in one place and ${one.text} in another`,
        recomputed: `${other.text} and ${one.text}`,
        quotes: [other.quote, one.quote],
      });
    }
  });
  return out;
}

export const conflictRule: LintRule = {
  id: "conflict",
  summary: "one item with two verdicts",
  level: "contradiction",
  saboteur: {
    text: "## Summary\n\n| Check | Status |\n|---|---|\n| Backup restore | PASS |\n| Login | PASS |\n\n## Details\n\n| Check | Status |\n|---|---|\n| Backup restore | FAIL |\n| Login | PASS |\n",
    clean:
      "## Summary\n\n| Check | Status |\n|---|---|\n| Backup restore | FAIL |\n| Login | PASS |\n\n## Details\n\n| Check | Status |\n|---|---|\n| Backup restore | FAIL |\n| Login | PASS |\n",
  },
  run,
};
