import { Collector, quoteField, quoteRow } from "../finding.ts";
import type { LintRule, Report, RuleResult } from "../types.ts";

const timing =
  /\b(?:latency|response|p\d\d|ttft|median|mean|average|recovery|duration|time to|rto)\b/i;
const mayBeZero =
  /\b(?:loss|lag|offset|drift|skew|downtime|overhead|delta|error|change|outage|stall|gap|rpo|wait|queue|target|limit)\b/i;

function run(report: Report): RuleResult {
  const out = new Collector("zero", "unsupported");
  for (const row of report.grids.flatMap((grid) => grid.rows)) {
    for (const field of row.fields) {
      const [amount] = field.amounts;
      const names = `${row.label} ${field.name}`;
      if (amount?.dimension !== "time" || amount.comparator !== "=" || field.role === "target")
        continue;
      if (!timing.test(names) || mayBeZero.test(names)) continue;
      out.check(amount);
      if (amount.value !== 0 || amount.upper !== undefined) continue;
      out.add({
        message: `${field.cell.text} as a timing: nothing that ran took no time`,
        recomputed: "at least the resolution of the clock",
        quotes: [quoteField(row, field), quoteRow(row)],
      });
    }
  }
  return out;
}

export const zeroRule: LintRule = {
  id: "zero",
  summary: "zero shown as a timing",
  level: "unsupported",
  saboteur: {
    text: "| Route | p50 latency | p95 latency |\n|---|---|---|\n| health | 0 ms | 2 ms |\n| chat | 80 ms | 140 ms |\n",
    clean:
      "| Route | p50 latency | p95 latency |\n|---|---|---|\n| health | 1 ms | 2 ms |\n| chat | 80 ms | 140 ms |\n",
  },
  run,
};
