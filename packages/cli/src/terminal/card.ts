import {
  compareImportance,
  formatDecided,
  formatFigure,
  formatInterval,
  waiverText,
} from "@loadline/contract";
import type { ClaimVerdict, Disposition, Verdict, VerdictDocument } from "@loadline/contract";
import { clip, cleanText, clipMiddle, wrap } from "./clean-text.ts";
import type { Colour, Paint } from "./colour.ts";
import { commandLines } from "./command-lines.ts";

export interface CardOptions {
  readonly columns: number;
  readonly paint: Paint;
  /** Folder of the run, as the user may type it. */
  readonly runDir: string;
  /** Name of the view in it that a person reads; null when none could be written. */
  readonly report: string | null;
  /** The command that runs this again, as an argument list. */
  readonly again: readonly string[];
  /** The run ended before its plan did: the process exits with 130. */
  readonly isInterrupted?: boolean;
}

const rowsMax = 10;
const proofsMax = 4;
const linesMax = 24;
const columnsMax = 80;
const columnsNarrow = 60;
const columnsMin = 40;
const proofsMaxNarrow = 2;
const demandsMax = 2;
const labelWidth = 12;
/** Of a claim's id that is cut: what it is of stands first, its figure last. */
const idStart = 0.65;
const order: readonly Verdict[] = ["failed", "error", "inconclusive", "not_tested", "passed"];

const marks: Readonly<Record<Verdict, { mark: string; colour?: Colour }>> = {
  passed: { mark: "+", colour: "green" },
  failed: { mark: "x", colour: "red bold" },
  error: { mark: "!", colour: "magenta" },
  inconclusive: { mark: "?", colour: "yellow" },
  not_tested: { mark: "o" },
};

const dispositionMarks = {
  waived: { mark: "~", colour: "cyan" },
  not_applicable: { mark: "-", colour: "cyan" },
} as const satisfies Readonly<Record<Disposition, { mark: string; colour: Colour }>>;

const outcomeColours: Readonly<Record<VerdictDocument["outcome"], Colour>> = {
  READY: "green",
  NOT_READY: "red",
  NOT_PROVEN: "yellow",
};

/** The verdict card: at most 24 lines, at most 80 columns, ASCII, hostile text inert. */
export function verdictCard(verdict: VerdictDocument, o: CardOptions): string {
  const columns = Math.min(columnsMax, Math.max(columnsMin, o.columns));
  const isNarrow = columns < columnsNarrow;
  const shown = ranked(verdict.claims);
  const head = [...headline(verdict, columns, o), ...demandLines(verdict, columns)];
  const proofs = proofLines(verdict.claims)
    .slice(0, isNarrow ? proofsMaxNarrow : proofsMax)
    .map((line, index) => field(index === 0 ? "to prove" : "", line, columns));
  const foot = [...proofs, ...limitLine(verdict.limits, columns), ...footLines(o, columns)];
  // What remains of the screen is for claims; one line of it says how many are left out.
  const room = linesMax - head.length - foot.length - 1;
  const top = shown.slice(0, Math.max(0, Math.min(rowsMax, room)));
  const options = {
    columns,
    idWidth: widthOfIds(top),
    limitWidth: widthOfLimits(top),
    paint: o.paint,
  };
  const rows = rowsThatFit(
    top.map((claim) => claimLines(claim, options)),
    room,
  );
  const rest = shown.length - rows.length;
  const more = rest > 0 ? [`  ${rest} more in the report`] : [];
  return `${[...head, ...rows.flat(), ...more, ...foot].join("\n")}\n`;
}

/** The first of them that together take no more than `room` lines. */
function rowsThatFit(rows: readonly string[][], room: number): readonly string[][] {
  let left = room;
  const end = rows.findIndex((row) => (left -= row.length) < 0);
  return end === -1 ? rows : rows.slice(0, end);
}

/** What would prove the open claims; claims that need the same share a line. */
function proofLines(claims: readonly ClaimVerdict[]): string[] {
  const byNeed = new Map<string, string[]>();
  for (const { id, required, toProve } of claims) {
    if (!required || toProve === "") continue;
    const ids = byNeed.get(toProve) ?? [];
    byNeed.set(toProve, [...ids, id]);
  }
  return [...byNeed].map(([need, ids]) => {
    const more = ids.length > 1 ? ` and ${ids.length - 1} more` : "";
    return `${ids[0] ?? ""}${more}: ${need}`;
  });
}

function limitLine(limits: readonly string[], columns: number): string[] {
  const [first, ...rest] = limits;
  if (first === undefined) return [];
  const more = rest.length > 0 ? `; ${rest.length} more` : "";
  const room = columns - labelWidth - more.length;
  return [field("not proven", `${clip(cleanText(first), room)}${more}`, columns)];
}

/** The whole command where it fits in two lines; else its path is cut in the middle. */
function verifyLines(runDir: string, columns: number): string[] {
  const whole = commandLines(["loadline", "verify", runDir], columns - labelWidth);
  if (whole.some((line) => line.length > columns - labelWidth))
    return [pathField("verify", "loadline verify ", runDir, columns)];
  return labelled("verify", whole);
}

function labelled(label: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => `${(index === 0 ? label : "").padEnd(labelWidth)}${line}`);
}

function footLines(o: CardOptions, columns: number): string[] {
  // What was cut could not be copied, so a long command takes lines from the claims.
  return [
    ...labelled("again", commandLines(o.again, columns - labelWidth)),
    ...verifyLines(o.runDir, columns),
    ...(o.report === null ? [] : [pathField("report", "", `${o.runDir}/${o.report}`, columns)]),
  ];
}

/** Worst first; required before optional; inside the plan's order, of passed the most important. */
function ranked(claims: readonly ClaimVerdict[]): ClaimVerdict[] {
  const weight = (claim: ClaimVerdict): number =>
    order.indexOf(claim.verdict) + (claim.required ? 0 : order.length);
  return claims.toSorted(
    (a, b) => weight(a) - weight(b) || (a.verdict === "passed" ? compareImportance(a, b) : 0),
  );
}

/** Why all claims may be passed or accepted and the outcome is not READY. */
function demandLines(verdict: VerdictDocument, columns: number): string[] {
  const { unmet = [], claims, outcome, sentence } = verdict;
  const isOpen = claims.some(
    (one) => one.required && one.verdict !== "passed" && one.disposition === undefined,
  );
  // No row below says why: more is waived than may be, or the run has no end.
  if (outcome !== "READY" && unmet.length === 0 && !isOpen) {
    return [field("stops", sentence, columns)];
  }
  const shown = unmet
    .slice(0, demandsMax)
    .map((text, at) => field(at === 0 ? "plan asks" : "", text, columns));
  const rest = unmet.length - shown.length;
  return rest === 0 ? shown : [...shown, field("", `${rest} more in the report`, columns)];
}

function headline(
  verdict: VerdictDocument,
  columns: number,
  { paint, isInterrupted }: Pick<CardOptions, "paint" | "isInterrupted">,
): string[] {
  const c = verdict.counts;
  const exit = isInterrupted === true ? "exit 130, interrupted" : `exit ${verdict.exitCode}`;
  const accepted = waiverText(verdict.waivers);
  const waived = accepted === "" ? `${c.waived} waived` : accepted;
  const words =
    `${exit}  required ${c.required}: ${c.passed} passed, ${c.failed} failed, ` +
    `${c.inconclusive} inconclusive, ${c.not_tested} not_tested, ${c.error} error; ${waived}`;
  const wrapped = wrap(words, columns - labelWidth);
  const outcome = paint(outcomeColours[verdict.outcome], verdict.outcome);
  const gap = " ".repeat(labelWidth - verdict.outcome.length);
  return wrapped.map((line, index) =>
    index === 0 ? `${outcome}${gap}${line}` : `${" ".repeat(labelWidth)}${line}`,
  );
}

/** As wide as the longest id that is shown, within reason. */
function widthOfIds(claims: readonly ClaimVerdict[]): number {
  const longest = Math.max(0, ...claims.map(({ id }) => cleanText(id).length));
  return Math.min(24, Math.max(18, longest));
}

/** Room for the longest limit that is shown; what is beside it says more. */
function widthOfLimits(claims: readonly ClaimVerdict[]): number {
  const texts = claims.map(({ limit }) => (limit === null ? "-" : formatFigure(limit)));
  return Math.min(12, Math.max(6, 2 + Math.max(0, ...texts.map((text) => text.length))));
}

interface RowOptions {
  readonly columns: number;
  readonly idWidth: number;
  readonly limitWidth: number;
  readonly paint: Paint;
}

function claimLines(claim: ClaimVerdict, o: RowOptions): string[] {
  const { columns, idWidth, limitWidth, paint } = o;
  const { disposition, verdict } = claim;
  const { mark, colour } = disposition ? dispositionMarks[disposition] : marks[verdict];
  const label = `${mark} ${verdict}`;
  const painted = colour === undefined ? label : paint(colour, label);
  const id = cleanText(claim.id);
  const isNarrow = columns < columnsNarrow;
  const rest = columns - (isNarrow ? 2 : 16 + idWidth + 1);
  const [first = "", second = ""] = saidOf(claim, { width: rest, limitWidth, isNarrow });
  if (isNarrow) {
    const name = `${painted} ${clipMiddle(id, columns - label.length - 1, idStart)}`;
    return [name, `  ${first}`, ...(second === "" ? [] : [`  ${second}`])];
  }
  const gap = " ".repeat(Math.max(1, 16 - label.length));
  return [
    `${painted}${gap}${clipMiddle(id, idWidth, idStart).padEnd(idWidth + 1)}${first}`.trimEnd(),
  ];
}

/** What a row says beside its id: one line, or two where it is narrow. */
function saidOf(
  claim: ClaimVerdict,
  o: { width: number; limitWidth: number; isNarrow: boolean },
): string[] {
  const sentence = cleanText(claim.sentence);
  // The mark says whether a predicate held; what it saw says why.
  if (claim.kind === "predicate" && claim.verdict !== "not_tested" && sentence !== "") {
    if (!o.isNarrow) return [clip(sentence, o.width)];
    const [first = "", ...more] = wrap(sentence, o.width);
    return [clip(first, o.width), clip(more.join(" "), o.width)];
  }
  const limit = claim.limit === null ? "-" : formatFigure(claim.limit);
  const seen = observedText(claim);
  const reason = claim.reason === undefined ? "" : `  ${claim.reason}`;
  const tail = `n ${claim.n}${reason}`;
  if (o.isNarrow && limit === "-" && seen === "-") return [clip(tail, o.width)];
  if (o.isNarrow) return [clip(`${limit}  ${seen}`, o.width), clip(tail, o.width)];
  const beside = clip(`${seen}  ${tail}`, o.width - o.limitWidth);
  return [`${clip(limit, o.limitWidth - 1).padEnd(o.limitWidth)}${beside}`];
}

function observedText(claim: ClaimVerdict): string {
  if (claim.verdict === "not_tested") return "-";
  const { interval } = claim;
  if (interval !== null && (interval.lower !== null || interval.upper !== null)) {
    // The confidence stands in the report; here the bound itself is what fits.
    return formatInterval(interval).replace(/ \([^)]*\)$/, "");
  }
  return formatDecided(claim);
}

function field(label: string, text: string, columns: number): string {
  return `${label.padEnd(labelWidth)}${clip(cleanText(text), columns - labelWidth)}`.trimEnd();
}

function pathField(label: string, before: string, path: string, columns: number): string {
  const room = columns - labelWidth - before.length;
  return `${label.padEnd(labelWidth)}${before}${clipMiddle(cleanText(path), room)}`;
}
