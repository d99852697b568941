import { onlyAmount } from "../facts/direction.ts";
import { Collector, quoteField } from "../finding.ts";
import type { LintRule, Report, Row, RuleResult } from "../types.ts";

function checkRow(row: Row, out: Collector): void {
  const target = row.fields.find((one) => one.role === "target");
  const value = row.fields.find((one) => one.role === "value");
  const limit = onlyAmount(target);
  const stated = onlyAmount(value);
  if (target === undefined || value === undefined || limit === null || stated === null) return;
  out.check(limit, stated);
  const isBound = stated.comparator === "<" || stated.comparator === ">";
  if (!isBound || stated.value !== limit.value || stated.dimension !== limit.dimension) return;
  out.add({
    message: `the result of "${row.label}" repeats its target, ${value.cell.text}; no measured value is given`,
    recomputed: "no measured value",
    quotes: [quoteField(row, value), quoteField(row, target)],
  });
}

function run(report: Report): RuleResult {
  const out = new Collector("threshold", "unsupported");
  for (const grid of report.grids) for (const row of grid.rows) checkRow(row, out);
  return out;
}

export const thresholdRule: LintRule = {
  id: "threshold",
  summary: "a target where a result belongs",
  level: "unsupported",
  saboteur: {
    text: "| Metric | Target | Result |\n|---|---|---|\n| p95 latency | < 200 ms | < 200 ms |\n| p99 latency | < 400 ms | 310 ms |\n",
    clean:
      "| Metric | Target | Result |\n|---|---|---|\n| p95 latency | < 200 ms | 180 ms |\n| p99 latency | < 400 ms | 310 ms |\n",
  },
  run,
};
