import { Collector, isAside, quoteField, quoteRow } from "../finding.ts";
import type { LintRule, Report, RuleResult } from "../types.ts";

const guessed =
  /\b(?:projected|projection|extrapolat\w*|estimated?|assumed?|theoretical|simulated|hypothetical|scaled up|forecast|multiplied|expected to)\b|\(est\.?\)/i;

function run(report: Report): RuleResult {
  const out = new Collector("projection", "unsupported");
  for (const grid of report.grids) {
    if (
      isAside(grid.section) ||
      /\b(?:forecast|projection|capacity plan|estimate)/i.test(grid.section.titles.join(" "))
    )
      continue;
    for (const row of grid.rows) {
      const good = row.fields.find((one) => one.status === "good");
      const figure = row.fields.find(
        (one) => one.role !== "target" && one.role !== "change" && one.amounts.length > 0,
      );
      if (figure === undefined || row.label === "") continue;
      out.check(...figure.amounts);
      const word =
        guessed.exec(row.label)?.[0] ??
        row.fields
          .map((one) =>
            one.role === "target" ? undefined : guessed.exec(`${one.name} ${one.cell.text}`)?.[0],
          )
          .find((one) => one !== undefined);
      const isResult = good !== undefined || row.fields.some((one) => one.role === "value");
      if (word === undefined || !isResult) continue;
      out.add({
        message: `"${row.label}" is ${word.toLowerCase()} and stands among the results`,
        recomputed: "not measured",
        quotes: [quoteRow(row), quoteField(row, good ?? figure)],
      });
    }
  }
  return out;
}

export const projectionRule: LintRule = {
  id: "projection",
  summary: "a projected or multiplied figure in a table of results",
  level: "unsupported",
  saboteur: {
    text: "| Metric | Target | Result | Status |\n|---|---|---|---|\n| Throughput | 500 req/s | 620 req/s (extrapolated from 60 req/s) | PASS |\n| Latency | 200 ms | 140 ms | PASS |\n",
    clean:
      "| Metric | Target | Result | Status |\n|---|---|---|---|\n| Throughput | 500 req/s | 620 req/s | PASS |\n| Latency | 200 ms | 140 ms | PASS |\n",
  },
  run,
};
