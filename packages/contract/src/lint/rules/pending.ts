import { approvalsOf } from "../facts/approval.ts";
import { Collector, quoteStatement } from "../finding.ts";
import type { LintRule, Report, RuleResult } from "../types.ts";

const gate =
  /\b(?:prerequisites?|preconditions?|must[ -]haves?|required|blockers?|blocking|before (?:go[ -]?live|release|launch|production)|(?:entry|exit|release|launch|acceptance) criteria|release gates?|go[ -]?live|launch checklist|readiness checklist|release checklist|checklist)\b/i;
const excused =
  /\b(?:optional|nice to have|not required|after (?:go[ -]?live|release|launch)|later|post[ -]launch|n\/a|waived|deferred)\b/i;

function run(report: Report): RuleResult {
  const out = new Collector("pending", "contradiction");
  const [approval] = approvalsOf(report);
  if (approval === undefined) return out;
  const gates = report.statements.filter(
    (one) =>
      one.tick !== null &&
      gate.test(one.section.titles.join(" ")) &&
      !excused.test(one.section.titles.join(" ")),
  );
  out.compare(gates.length);
  const open = gates.filter((one) => one.tick !== "done" && !excused.test(one.text));
  const [first, ...others] = open;
  if (first === undefined) return out;
  out.add({
    message: `said to be ready, yet the prerequisite "${first.text.slice(0, 80)}" is open`,
    recomputed: `${open.length} of ${gates.length} prerequisites open`,
    quotes: [approval, quoteStatement(first), ...others.slice(0, 30).map(quoteStatement)],
  });
  return out;
}

export const pendingRule: LintRule = {
  id: "pending",
  summary: "an approval while prerequisites of its own list are open",
  level: "contradiction",
  saboteur: {
    text: "# Release\n\nThe release is approved, see run.json.\n\n## Prerequisites\n\n- [x] Rollback rehearsed\n- [ ] Restore rehearsed\n",
    clean:
      "# Release\n\nThe release is approved, see run.json.\n\n## Prerequisites\n\n- [x] Rollback rehearsed\n- [x] Restore rehearsed\n",
  },
  run,
};
