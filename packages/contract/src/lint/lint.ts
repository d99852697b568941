import { readReport } from "./facts/read-report.ts";
import { decodeReport, reportBytesMax } from "./read/decode.ts";
import { readBlocks } from "./read/read-blocks.ts";
import { lintRules } from "./rules/table.ts";
import type { Amount, LintFinding, Report } from "./types.ts";

export { lintRules } from "./rules/table.ts";
export { reportBytesMax };
export type { LintFinding, LintLevel, LintRule, Quote } from "./types.ts";

/** A line with figures that no reader gave a meaning. */
export interface UnreadLine {
  readonly line: number;
  readonly text: string;
}

/** What the lint itself could read and compare: its own coverage. */
export interface LintCoverage {
  readonly lines: number;
  readonly tables: number;
  readonly statements: number;
  /** Distinct figures with a meaning. */
  readonly figuresRead: number;
  /** Of these, those that took part in at least one recomputation. */
  readonly figuresChecked: number;
  /** Verdicts and ticks that were compared, without figures. */
  readonly comparisons: number;
  /** Lines with digits that no figure was read from; at most 200 are listed. */
  readonly notUnderstood: readonly UnreadLine[];
  readonly notUnderstoodCount: number;
}

/** `loadline-lint/v1`: findings in one report, and how much of it was read. */
export interface LintResult {
  readonly schema: "loadline-lint/v1";
  readonly name: string;
  /** 0 checked, no contradiction; 1 a contradiction; 2 nothing in it could be checked. */
  readonly exit: 0 | 1 | 2;
  readonly findings: readonly LintFinding[];
  readonly coverage: LintCoverage;
  readonly problem?: { readonly code: "LL_LINT_SIZE" | "LL_LINT_BINARY"; readonly message: string };
}

const order = ["contradiction", "unsupported", "note"];
const unreadMax = 200;

const nothingRead: LintCoverage = {
  lines: 0,
  tables: 0,
  statements: 0,
  figuresRead: 0,
  figuresChecked: 0,
  comparisons: 0,
  notUnderstood: [],
  notUnderstoodCount: 0,
};

/** Reads one report of at most 5 MiB and lists what contradicts itself in it; never throws. */
export function lintReport(name: string, bytes: Uint8Array): LintResult {
  if (bytes.length > reportBytesMax) {
    const message = `${bytes.length} bytes; at most ${reportBytesMax} are read`;
    return refused(name, { code: "LL_LINT_SIZE", message });
  }
  const text = decodeReport(bytes);
  if (text.includes("\u0000")) {
    return refused(name, { code: "LL_LINT_BINARY", message: "zero bytes: no text" });
  }
  return judge(name, text, readReport(readBlocks(text), text));
}

function refused(name: string, problem: NonNullable<LintResult["problem"]>): LintResult {
  return {
    schema: "loadline-lint/v1",
    name,
    exit: 2,
    findings: [],
    coverage: nothingRead,
    problem,
  };
}

function judge(name: string, text: string, report: Report): LintResult {
  const results = lintRules.map((rule) => rule.run(report));
  const findings = results
    .flatMap((one) => one.findings)
    .toSorted((a, b) => rank(a) - rank(b) || a.quotes[0].line - b.quotes[0].line);
  const checked = new Set(results.flatMap((one) => one.checked).map(keyOf));
  const comparisons = results.reduce((sum, one) => sum + one.comparisons, 0);
  const read = new Set(amountsOf(report).map(keyOf));
  const unread = unreadOf(text, report);
  const isContradicted = findings.some((one) => one.level === "contradiction");
  return {
    schema: "loadline-lint/v1",
    name,
    exit: isContradicted ? 1 : checked.size + comparisons === 0 ? 2 : 0,
    findings,
    coverage: {
      lines: report.lineCount,
      tables: report.grids.length,
      statements: report.statements.length,
      figuresRead: read.size,
      figuresChecked: checked.size,
      comparisons,
      notUnderstood: unread.slice(0, unreadMax),
      notUnderstoodCount: unread.length,
    },
  };
}

const rank = (one: LintFinding): number => order.indexOf(one.level);

/** One figure of the text, however many readings it has. */
const keyOf = (one: Amount): string => `${one.line} ${one.text}`;

function amountsOf(report: Report): Amount[] {
  const cells = report.grids.flatMap((grid) => grid.rows.flatMap((row) => row.fields));
  return [...cells, ...report.statements].flatMap((one) => one.amounts);
}

/** Lines with a digit from which no figure came; dates and names alone are understood as such. */
function unreadOf(text: string, report: Report): UnreadLine[] {
  const known = new Set(amountsOf(report).map((one) => one.line));
  for (const one of report.statements) known.add(one.line);
  for (const grid of report.grids) for (const row of grid.rows) known.add(row.line);
  return text.split("\n").flatMap((raw, i) => {
    const line = i + 1;
    if (!/\d/.test(raw) || known.has(line)) return [];
    return [{ line, text: raw.trim().slice(0, 120) }];
  });
}
