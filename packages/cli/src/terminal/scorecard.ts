import {
  type ChecklistRow,
  citedRisk,
  formatNumber,
  formatRatio,
  riskLevelOf,
  type RiskLevel,
  type Scorecard,
  type ScoreRow,
} from "@loadline/contract";
import { cleanText, clip, wrap } from "./clean-text.ts";
import type { Colour, Paint } from "./colour.ts";

const nameWidth = 28;
const outcomeWidth = 12;
const columns = 80;
const noClaims = "no claims";

function ratioText(count: number, of: number, ratio: number | null): string {
  if (ratio === null) return noClaims;
  return `${formatNumber(count)}/${formatNumber(of)} ${formatRatio(ratio)}`;
}

function rowLine(row: ScoreRow): string {
  const coverage = ratioText(row.decided, row.required, row.coverage);
  const score = ratioText(row.passed, row.required, row.score);
  const waived = row.waived === 0 ? "" : `${formatNumber(row.waived)} waived`;
  const absent = row.notApplicable === 0 ? "" : `${formatNumber(row.notApplicable)} not applicable`;
  const beside = [waived, absent].filter((text) => text !== "").join(", ");
  const name = clip(cleanText(row.name), nameWidth - 2).padEnd(nameWidth);
  return `  ${name}${coverage.padEnd(16)}${score.padEnd(16)}${beside}`.trimEnd();
}

const outcomeColours: Readonly<Record<string, Colour>> = {
  READY: "green",
  NOT_READY: "red",
  NOT_PROVEN: "yellow",
};

const levelColours: Readonly<Record<RiskLevel, Colour>> = {
  low: "green",
  unknown: "yellow",
  high: "red",
};

interface Said {
  readonly name: string;
  readonly word: string;
  readonly colour: Colour | undefined;
  readonly sentence: string;
}

/** A sentence is told whole, in lines below each other. */
function saidLines({ name, word, colour, sentence }: Said, paint: Paint): string[] {
  const painted = colour === undefined ? word : paint(colour, word);
  const gap = " ".repeat(Math.max(1, outcomeWidth - word.length));
  const indent = 2 + nameWidth + outcomeWidth;
  const [first = "", ...more] = wrap(cleanText(sentence), columns - indent);
  const head = `  ${name.padEnd(nameWidth)}${painted}${gap}${first}`;
  return [head, ...more.map((line) => `${" ".repeat(indent)}${line}`)];
}

const claimsShown = 2;

/** The verdict of a run on each row of the checklist, with how much of it is decided, and by what. */
export function checklistRowsText(rows: readonly ChecklistRow[]): string {
  const named = rows.filter(({ claims }) => claims.length > 0);
  const lines = rows.map(({ id, verdict, coverage, claims, decided, evidence }) => {
    const head = `  ${id}  ${verdict.padEnd(outcomeWidth + 1)}`;
    if (coverage === null) return `${head}${noClaims} of this run speak of it`;
    const shown = claims.slice(0, claimsShown).map((claim) => clip(cleanText(claim), 24));
    const rest = claims.length - shown.length;
    const more = rest > 0 ? ` and ${formatNumber(rest)} more` : "";
    const share = ratioText(decided, claims.length, coverage);
    return `${head}${share} decided; ${formatNumber(evidence.length)} records: ${shown.join(", ")}${more}`;
  });
  return [
    `rows of the checklist; claims of this run speak of ${formatNumber(named.length)} of ${formatNumber(rows.length)}`,
    ...lines,
    "a verdict is the worst of the claims that speak of a row; a claim shows a part of what it asks",
    "",
  ].join("\n");
}

/** The scorecard as lines of at most 80 columns; counts beside every ratio, no weights. */
export function scorecardText(card: Scorecard, paint: Paint): string {
  const head = `  ${"".padEnd(nameWidth)}${"coverage".padEnd(16)}score`;
  const uses = card.uses.flatMap(({ use: name, outcome: word, sentence }) =>
    saidLines({ name, word, colour: outcomeColours[word], sentence }, paint),
  );
  const risks = card.risks.flatMap((risk) => {
    const { risk: name, level: word } = risk;
    return saidLines({ name, word, colour: levelColours[word], sentence: citedRisk(risk) }, paint);
  });
  return [
    `categories`,
    head,
    ...card.categories.map(rowLine),
    rowLine(card.total),
    "groups",
    ...card.groups.map(rowLine),
    "ready for",
    ...uses,
    `risks: ${riskLevelOf(card.risks)}, as the worst of them`,
    ...risks,
    "score = passed / required, coverage = decided / required",
    "no weights, no gate by itself",
    "",
  ].join("\n");
}
