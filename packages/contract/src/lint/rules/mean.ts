import { meansOfReport } from "../facts/means.ts";
import { Collector, shown } from "../finding.ts";
import type { LintRule, Report, RuleResult } from "../types.ts";

function run(report: Report): RuleResult {
  const out = new Collector("mean", "contradiction");
  for (const fact of meansOfReport(report)) {
    const [plain] = fact.means;
    if (!fact.isMean || plain === undefined) continue;
    out.check(fact.overall);
    out.checkList(fact.parts);
    const room = 2 * fact.half + 1e-9;
    if (fact.value < fact.low - room || fact.value > fact.high + room) continue;
    if (fact.means.some((one) => Math.abs(one - fact.value) <= room)) continue;
    out.add({
      message: `the overall ${fact.overall.text} is no mean of its parts: theirs is ${shown(plain)}`,
      recomputed: shown(plain),
      quotes: fact.quotes,
    });
  }
  return out;
}

export const meanRule: LintRule = {
  id: "mean",
  summary: "an overall score that is no mean of its parts, plain or weighted",
  level: "contradiction",
  saboteur: {
    text: "| Area | Score |\n|---|---|\n| Security | 70 |\n| Performance | 80 |\n| Operations | 96 |\n| Overall score | 94 |\n",
    clean:
      "| Area | Score |\n|---|---|\n| Security | 70 |\n| Performance | 80 |\n| Operations | 96 |\n| Overall score | 82 |\n",
  },
  run,
};
