import { meansOfReport } from "../facts/means.ts";
import { percentilesOf } from "../facts/percentiles.ts";
import { Collector, shown } from "../finding.ts";
import type { LintRule, Report, RuleResult } from "../types.ts";

function run(report: Report): RuleResult {
  const out = new Collector("range", "contradiction");
  for (const fact of meansOfReport(report)) {
    out.check(fact.overall);
    out.checkList(fact.parts);
    const room = 2 * fact.half + 1e-9;
    if (fact.value >= fact.low - room && fact.value <= fact.high + room) continue;
    const range = `${shown(fact.low)} to ${shown(fact.high)}`;
    out.add({
      message: `the overall ${fact.overall.text} lies outside its parts, ${range}`,
      recomputed: range,
      quotes: fact.quotes,
    });
  }
  const { checked, unordered } = percentilesOf(report);
  out.check(...checked);
  for (const { lower, upper, quotes } of unordered) {
    out.add({
      message: `${upper.text} of the higher percentile is less than ${lower.text} of the lower one`,
      recomputed: `at least ${lower.text}`,
      quotes,
    });
  }
  return out;
}

export const rangeRule: LintRule = {
  id: "range",
  summary: "an overall rate or score outside everything it sums up; a percentile below a lower one",
  level: "contradiction",
  saboteur: {
    text: "| Area | Score |\n|---|---|\n| Security | 70 % |\n| Performance | 80 % |\n| Overall | 95 % |\n",
    clean:
      "| Area | Score |\n|---|---|\n| Security | 70 % |\n| Performance | 80 % |\n| Overall | 75 % |\n",
  },
  run,
};
