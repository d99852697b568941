import { Collector, quoteField, quoteStatement } from "../finding.ts";
import type { LintRule, Report, Row, RuleResult } from "../types.ts";

const unfinished =
  /\b(?:partial(?:ly)?|pending|not (?:yet |fully )?(?:run|tested|done|started|verified|implemented|executed|measured|completed?|configured)|to ?do|tbd|in progress|to be (?:done|run|tested|verified|completed)|untested|unverified|incomplete|still (?:failing|open|missing)|work in progress|never (?:run|tested))\b/i;
const negated =
  /\b(?:no|none|zero|0|without|nothing|resolved|any|detects?|alerts?|shows?|lists?|handles?|reports?|marks?|refuses?) (?:\w+ ){0,3}$/i;

/** The words that say it is not done; null when they are denied or speak of something else. */
function unfinishedIn(text: string): string | null {
  const match = unfinished.exec(text.slice(0, 1_000));
  if (match === null || negated.test(text.slice(Math.max(0, match.index - 40), match.index)))
    return null;
  return match[0];
}

function checkRow(row: Row, out: Collector): void {
  const status =
    row.fields.find((one) => one.role === "status" && one.status === "good") ??
    row.fields.find((one) => one.status === "good" && one.cell.text.length <= 12);
  if (status === undefined || row.isTotal) return;
  out.compare(1);
  const words = row.fields.filter(
    (one) =>
      one !== status &&
      one.role !== "target" &&
      one.role !== "open" &&
      one.amounts.length === 0 &&
      !/\b(?:next|follow|plan|before|previous|criteri|expected|description)/i.test(one.name),
  );
  const found = words.find((one) => unfinishedIn(one.cell.text) !== null);
  const said = found === undefined ? null : unfinishedIn(found.cell.text);
  if (found === undefined || said === null) return;
  out.add({
    message: `"${row.label}" is marked ${status.cell.text} and described as ${said.toLowerCase()}`,
    recomputed: said.toLowerCase(),
    quotes: [quoteField(row, status), quoteField(row, found)],
  });
}

function run(report: Report): RuleResult {
  const out = new Collector("tick", "contradiction");
  for (const one of report.statements) {
    if (one.tick === null) continue;
    out.compare(1);
    const said = one.tick === "done" ? unfinishedIn(one.text) : null;
    if (said === null) continue;
    out.add({
      message: `ticked, and described as ${said.toLowerCase()}`,
      recomputed: said.toLowerCase(),
      quotes: [quoteStatement(one), { line: one.line, text: said }],
    });
  }
  for (const grid of report.grids)
    for (const row of grid.rows) if (row.label !== "") checkRow(row, out);
  return out;
}

export const tickRule: LintRule = {
  id: "tick",
  summary: "a ticked or passed item whose own text says partial, pending or not run",
  level: "contradiction",
  saboteur: {
    text: "- [x] Failover drill (not run yet)\n- [x] Backups configured\n",
    clean: "- [ ] Failover drill (not run yet)\n- [x] Backups configured\n",
  },
  run,
};
