import { ratesOf } from "../facts/rates.ts";
import { agrees, Collector, shown } from "../finding.ts";
import type { LintRule, Report, RuleResult } from "../types.ts";

function run(report: Report): RuleResult {
  const out = new Collector("ratio", "contradiction");
  for (const fact of ratesOf(report)) {
    out.check(fact.percent, ...fact.counts);
    const fits = (exact: number): boolean => agrees(fact.percent, exact);
    const [first] = fact.exact;
    if (first === undefined || fact.exact.some(fits) || fact.without.some(fits)) continue;
    out.add({
      message: `${fact.says} ${shown(first)} %, not ${fact.percent.text}`,
      recomputed: `${shown(first)} %`,
      quotes: fact.quotes,
    });
  }
  return out;
}

export const ratioRule: LintRule = {
  id: "ratio",
  summary: "a percentage that its own counts do not give",
  level: "contradiction",
  saboteur: {
    text: "In staging 18 of 20 tests passed (95 %).\n",
    clean: "In staging 18 of 20 tests passed (90 %).\n",
  },
  run,
};
