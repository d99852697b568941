import {
  buildScorecard,
  type ClaimVerdict,
  formatNumber,
  type VerdictDocument,
} from "@loadline/contract";
import { inertText } from "./markdown.ts";

/**
 * The required claims of a run as a list of boxes in Markdown, by the categories of the scorecard.
 * A box is ticked where the evidence proved its claim, and nowhere else: nobody ticks it by hand.
 */
export function checklistText(verdict: VerdictDocument): string {
  const { total, categories } = buildScorecard(verdict);
  const { target, profile, run, endedAt, outcome } = verdict;
  const claims = new Map(verdict.claims.map((claim) => [claim.id, claim]));
  const lists = categories.flatMap(({ name, claims: ids }) => {
    const boxes = ids.flatMap((id) => {
      const claim = claims.get(id);
      return claim === undefined ? [] : [boxOf(claim)];
    });
    return boxes.length === 0 ? [] : ["", `## ${name}`, "", ...boxes];
  });
  const count = `${formatNumber(total.passed)} of ${formatNumber(total.required)} required claims`;
  return [
    `# Checklist of ${inertText(target)}`,
    "",
    `${outcome}, profile ${inertText(profile)}, run ${inertText(run)}, ended ${endedAt}. ${count} are proven.`,
    ...lists,
    "",
  ].join("\n");
}

function boxOf({ id, statement, verdict, disposition, reason, sentence }: ClaimVerdict): string {
  const said = `\`${id}\` ${inertText(statement)}`;
  if (verdict === "passed") return `- [x] ${said}`;
  const why = reason === undefined ? verdict : `${verdict} (${reason})`;
  const laid = disposition === undefined ? "" : `, ${disposition}`;
  return `- [ ] ${said}: ${why}${laid}. ${inertText(sentence)}`;
}
