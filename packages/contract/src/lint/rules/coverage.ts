import { Collector, isAside, isCount, quoteStatement } from "../finding.ts";
import type { LintRule, Report, RuleResult } from "../types.ts";

const boast =
  /\b(?:coverage|covered|success(?:ful)?|passed|pass rate|tested|availability|uptime|compliance|compliant|reliab\w*|accuracy|validated|verified)\b/i;
const planned =
  /\b(?:target|goal|aim|objective|must|should|slo|limit|cpu|cap|require[sd]?|expected)\b/i;

function run(report: Report): RuleResult {
  const out = new Collector("coverage", "unsupported");
  const counted = new Set(
    report.grids
      .filter((grid) =>
        grid.rows.some((row) =>
          row.fields.some(
            (one) => (one.role === "total" || one.role === "passed") && one.amounts.length > 0,
          ),
        ),
      )
      .map((grid) => grid.section),
  );
  for (const one of report.statements) {
    const full = one.amounts.find(
      (a) =>
        a.dimension === "percent" &&
        a.value === 100 &&
        a.comparator === "=" &&
        a.upper === undefined,
    );
    if (full === undefined || !boast.test(one.text) || planned.test(one.text)) continue;
    if (isAside(one.section) || counted.has(one.section)) continue;
    if (one.amounts.some((a) => a !== full && (a.of !== undefined || isCount(a)))) continue;
    out.check(full);
    out.add({
      message: "100 % of a number that is not given",
      recomputed: "no denominator",
      quotes: [quoteStatement(one), { line: full.line, text: full.text }],
    });
  }
  return out;
}

export const coverageRule: LintRule = {
  id: "coverage",
  summary: "`100 %` without what it is of",
  level: "unsupported",
  saboteur: {
    text: "All endpoints have 100 % test coverage.\n",
    clean: "All endpoints have 100 % test coverage, 41 of 41.\n",
  },
  run,
};
