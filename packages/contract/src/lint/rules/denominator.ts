import { ratesOf } from "../facts/rates.ts";
import { agrees, Collector, shown } from "../finding.ts";
import type { LintRule, Report, RuleResult } from "../types.ts";

function run(report: Report): RuleResult {
  const out = new Collector("denominator", "contradiction");
  for (const fact of ratesOf(report)) {
    const fits = (exact: number): boolean => agrees(fact.percent, exact);
    const [first] = fact.exact;
    if (first === undefined || fact.without.length === 0) continue;
    out.check(fact.percent, ...fact.counts);
    if (fact.exact.some(fits) || !fact.without.some(fits)) continue;
    out.add({
      message: `${fact.says} ${shown(first)} %; ${fact.percent.text} leaves out what was skipped or warned`,
      recomputed: `${shown(first)} %`,
      quotes: fact.quotes,
    });
  }
  return out;
}

export const denominatorRule: LintRule = {
  id: "denominator",
  summary: "a percentage that fits only when warnings or skipped parts are left out",
  level: "contradiction",
  saboteur: {
    text: "| Suite | Tests | Passed | Failed | Skipped | Pass rate |\n|---|---|---|---|---|---|\n| API | 50 | 40 | 0 | 10 | 100 % |\n| UI | 10 | 10 | 0 | 0 | 100 % |\n",
    clean:
      "| Suite | Tests | Passed | Failed | Skipped | Pass rate |\n|---|---|---|---|---|---|\n| API | 50 | 40 | 0 | 10 | 80 % |\n| UI | 10 | 10 | 0 | 0 | 100 % |\n",
  },
  run,
};
