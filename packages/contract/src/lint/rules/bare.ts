import { approvalsOf } from "../facts/approval.ts";
import { Collector } from "../finding.ts";
import type { LintRule, Report, RuleResult } from "../types.ts";

const artifact =
  /(?:\b[a-z]{2,8}:\/\/|\.(?:json|md|html|xml|log|csv|txt|ya?ml|zip|sarif)\b|\$ |\b(?:npm|curl|kubectl|docker|pytest|k6|make|go|loadline) [a-z-]{2,20}\b)/i;

function run(report: Report): RuleResult {
  const out = new Collector("bare", "unsupported");
  const [approval] = approvalsOf(report);
  if (approval === undefined) return out;
  const texts = [
    ...report.statements.map((one) => one.text),
    ...report.grids.flatMap((grid) => grid.rows.map((row) => row.excerpt)),
  ];
  const hasFigures =
    report.statements.some((one) => one.amounts.length > 0) ||
    report.grids.some((grid) =>
      grid.rows.some((row) => row.fields.some((one) => one.amounts.length > 0)),
    );
  if (hasFigures || texts.some((one) => artifact.test(one))) return out;
  out.add({
    message: "a verdict without any figure, command or artifact",
    recomputed: "0 figures in the whole report",
    quotes: [approval, { line: approval.line, text: approval.text }],
  });
  return out;
}

export const bareRule: LintRule = {
  id: "bare",
  summary: "a verdict in a report without any figure, command or artifact",
  level: "unsupported",
  saboteur: {
    text: "# Readiness\n\nEverything was looked at. The system is ready for production.\n",
    clean:
      "# Readiness\n\n1,204 requests were sent, none failed. The system is ready for production.\n",
  },
  run,
};
