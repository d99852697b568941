import { isAside, quoteField, quoteStatement } from "../finding.ts";
import type { Quote, Report, Row } from "../types.ts";

/** Words that give a release free. */
const approving =
  /\b(?:(?:is|are|now|fully|deemed|declared|considered) (?:production[ -]ready|ready for (?:production|release|launch|go[ -]?live|rollout|customers))|(?:system|service|release|platform|stack|gateway|build|version) is ready\b|ready for (?:production|release|launch|go[ -]?live|rollout)\b|production[ -]ready\b|approved for (?:production|release|launch|go[ -]?live|rollout)|(?:release|go[ -]?live|launch|rollout|deployment) (?:is |was )?(?:approved|cleared|granted)|cleared for (?:production|release|launch|go[ -]?live)|sign[ -]?off (?:is |was )?(?:granted|given)|recommend(?:ed)? (?:for )?(?:release|go[ -]?live|launch|production)|all clear for)/i;
/** The same in German; a word that denies or defers it may stand on either side. */
const approvingGerman =
  /(?:^|[^\p{L}-])(?:produktionsreif|betriebsbereit|(?:f\u00fcr (?:die |den )?(?:produktion|betrieb|rollout) )?freigegeben|freigabe erteilt|abgenommen)(?![\p{L}-])/iu;

const doubting =
  /\b(?:not|no|never|cannot|isn't|aren't|if|unless|until|once|when|before|after|whether|will|would|should|must|could|may|to be|subject to|provided|conditional\w*|pending|except|exception|waive\w*|accepted risks?|partially|criteria|definition|required|assess\w*|evaluat\w*|purpose|goal|aim|towards?|checklist|review|nicht|noch|kein\w*|nie|wenn|falls|sobald|sofern|bis|bevor|erst|vorbehalt\w*|vorbehaltlich|bedingt|teilweise|soll\w*|muss|wird|werden|kriterien|ziel)\b|\?/i;

const decisionName =
  /^(?:(?:overall|final|release|launch|go[ -]?live|production)[ -]?)*(?:verdict|decision|recommendation|conclusion|outcome|status|readiness|result|go\/no-go|overall|approval)$/i;
const decisionGood =
  /^(?:\W*)(?:go|approved?|ready|green|release|pass(?:ed)?|production[ -]ready|cleared)\b/i;

/** A sentence or field of the report that says: ready. */
export function approvalsOf(report: Report): Quote[] {
  const spoken = report.statements
    .filter(
      (one) =>
        (approving.test(one.text) || approvingGerman.test(one.text)) &&
        !doubting.test(one.text) &&
        !isAside(one.section) &&
        one.tick === null,
    )
    .map(quoteStatement);
  const fields = report.grids
    .filter(
      (grid) => grid.rows.length === 1 && grid.rows[0]?.label === "" && !isAside(grid.section),
    )
    .flatMap((grid) => grid.rows.flatMap((row) => row.fields.map((field) => [row, field] as const)))
    .filter(([, field]) => decisionName.test(field.name.trim()))
    .filter(([, field]) => decisionGood.test(field.cell.text) && !doubting.test(field.cell.text))
    .map(([row, field]) => quoteField(row, field));
  return [...spoken, ...fields];
}

const excuse =
  /\b(?:waive[dr]?|optional|accepted|known|not required|out of scope|informational|non[ -]blocking|n\/a|deferred|planned|scheduled|fixed|resolved|retest(?:ed)?|expected)\b/i;

/** Whether words excuse a failure: waived, optional, known, of another time. */
export function isExcuse(text: string): boolean {
  return excuse.test(text);
}

/** Whether a row is excused. */
export function isExcused(row: Row): boolean {
  const isRequiredNo = row.fields.some(
    (one) =>
      /^(?:required|mandatory|blocking)$/i.test(one.name) && /^(?:no|false)$/i.test(one.cell.text),
  );
  return isRequiredNo || isExcuse(row.excerpt) || row.fields.some((one) => isExcuse(one.cell.text));
}
