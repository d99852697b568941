import {
  buildScorecard,
  citedRisk,
  describeWaivers,
  formatNumber,
  formatRatio,
  type ReportModel,
  riskLevelOf,
  type ScoreRow,
} from "@loadline/contract";

function share(count: number, of: number, ratio: number | null): string {
  if (ratio === null) return "no claims";
  return `${formatNumber(count)} of ${formatNumber(of)}, ${formatRatio(ratio)}`;
}

function rowText(row: ScoreRow): string {
  const coverage = share(row.decided, row.required, row.coverage);
  const score = share(row.passed, row.required, row.score);
  return `| ${row.name} | ${coverage} | ${score} | ${formatNumber(row.waived)} |`;
}

/** The use and the gates that the plan asks for. */
function demands({ verdict }: ReportModel, inert: (text: string) => string): string[] {
  const { use, gates = [] } = verdict;
  const rows = gates.map((one) => `- ${inert(one.id)}: ${one.verdict}. ${inert(one.sentence)}`);
  const asked =
    use === undefined
      ? []
      : ["", `The plan declares the use ${use.use}: ${use.outcome}. ${inert(use.sentence)}`];
  return [...asked, ...(rows.length === 0 ? [] : ["", "## Gates", "", ...rows])];
}

/** The scorecard and the waivers of a run as Markdown; `inert` makes foreign text harmless. */
export function scoreSection(model: ReportModel, inert: (text: string) => string): string[] {
  const card = buildScorecard(model.verdict);
  const waivers = describeWaivers(model.verdict.waivers);
  return [
    "## Scorecard",
    "",
    "Score is passed of required, coverage is decided of required; waived is not passed.",
    "",
    "| category | coverage | score | waived |",
    "|---|---|---|---|",
    ...[...card.categories, card.total].map(rowText),
    "",
    ...card.uses.map((use) => `- ${use.use}: ${use.outcome}. ${inert(use.sentence)}`),
    "",
    `Risk: ${riskLevelOf(card.risks)}, the worst of these. A risk is low by claims that passed alone.`,
    "",
    ...card.risks.map((risk) => `- ${risk.risk}: ${risk.level}. ${inert(citedRisk(risk))}`),
    ...demands(model, inert),
    ...(waivers.length === 0 ? [] : ["", "## Waivers", "", ...waivers.map((w) => `- ${inert(w)}`)]),
    "",
  ];
}
