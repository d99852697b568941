import {
  buildScorecard,
  type ClaimVerdict,
  formatNumber,
  type VerdictDocument,
} from "@loadline/contract";
import { inertText } from "./markdown.ts";

const recordsShown = 3;

/**
 * The required claims of a run as a list of boxes in Markdown, by the categories of the scorecard.
 * A box is ticked where the evidence proved its claim, and nowhere else: nobody ticks it by hand, and
 * the records that tick it stand beside it.
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

function boxOf(claim: ClaimVerdict): string {
  const { id, statement, verdict, disposition, reason, sentence } = claim;
  const said = `\`${id}\` ${inertText(statement)}`;
  if (verdict === "passed") return `- [x] ${said} (${recordsText(claim.evidence)})`;
  const why = reason === undefined ? verdict : `${verdict} (${reason})`;
  const laid = disposition === undefined ? "" : `, ${disposition}`;
  return `- [ ] ${said}: ${why}${laid}. ${inertText(sentence)}`;
}

/** Records behind a ticked box, the last few by their number in `evidence.jsonl`. */
function recordsText(evidence: readonly number[]): string {
  const shown = evidence.slice(-recordsShown).map((seq) => `#${seq}`);
  const rest = evidence.length - shown.length;
  const more = rest > 0 ? ` and ${formatNumber(rest)} more` : "";
  return `${evidence.length === 1 ? "record" : "records"} ${shown.join(", ")}${more}`;
}
