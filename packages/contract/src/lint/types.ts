/** What a finding means: two stated facts exclude each other, a claim lacks its ground, a remark. */
export type LintLevel = "contradiction" | "unsupported" | "note";

/** Words of the report, as they stand, with the line (from 1) they stand in. */
export interface Quote {
  readonly line: number;
  readonly text: string;
}

/** One finding: both sides quoted, and what the tool computed from them. */
export interface LintFinding {
  readonly rule: string;
  readonly level: LintLevel;
  readonly message: string;
  /** The value that follows from the quoted words. */
  readonly recomputed: string;
  readonly quotes: readonly [Quote, Quote, ...Quote[]];
}

export type Dimension = "count" | "percent" | "time" | "bytes" | "rate" | "factor" | "points";

/** How a figure is meant: exact as shown, a bound, an estimate. */
export type Comparator = "=" | "<" | ">" | "~";

/** One number of the report with its unit. */
export interface Amount {
  /** In the base unit: per cent, ms, bytes, per second, plain. */
  readonly value: number;
  /** Upper end of a range such as `10-20 ms`. */
  readonly upper?: number;
  readonly dimension: Dimension;
  /** As written, lower case; empty for none. */
  readonly unit: string;
  /** Half a unit of the last shown digit, in the base unit. */
  readonly half: number;
  readonly comparator: Comparator;
  /** The whole of `a/b` or `a of b`. */
  readonly of?: number;
  readonly start: number;
  readonly end: number;
  /** As written. */
  readonly text: string;
  readonly line: number;
}

export type Status = "good" | "bad" | "open" | "neutral";

/** One cell of a table or one value of a list, without markup. */
export interface Cell {
  readonly text: string;
  readonly line: number;
}

/** What a column or key stands for, read from its name. */
export type Role =
  | "label"
  | "total"
  | "passed"
  | "failed"
  | "open"
  | "rate"
  | "badRate"
  | "target"
  | "value"
  | "status"
  | "duration"
  | "score"
  | "weight"
  | "quantile"
  | "date"
  | "change"
  | "other";

export interface Field {
  /** Name of the column or key, as written without markup. */
  readonly name: string;
  readonly role: Role;
  readonly cell: Cell;
  readonly amounts: readonly Amount[];
  readonly status: Status | null;
}

export interface Row {
  readonly label: string;
  readonly line: number;
  readonly fields: readonly Field[];
  readonly isTotal: boolean;
  /** The row as one text, the same in every layout. */
  readonly excerpt: string;
}

/** Where a block stands: the headings above it, outermost first. */
export interface Section {
  readonly titles: readonly string[];
  readonly line: number;
}

/** Rows with named fields: a table in any layout, or a list of `key: value`. */
export interface Grid {
  readonly rows: readonly Row[];
  readonly section: Section;
  readonly line: number;
}

export interface Statement {
  readonly kind: "heading" | "item" | "text";
  readonly text: string;
  readonly line: number;
  readonly section: Section;
  /** A box that is ticked or empty, or a cross before the words. */
  readonly tick: "done" | "open" | "failed" | null;
  readonly amounts: readonly Amount[];
}

/** What the readers make of a file; the only thing a rule sees. */
export interface Report {
  readonly grids: readonly Grid[];
  readonly statements: readonly Statement[];
  readonly lineCount: number;
}

/** What a rule tells: findings, and which lines took part in a recomputation. */
export interface RuleResult {
  readonly findings: readonly LintFinding[];
  /** Figures that were recomputed from others, or others from them. */
  readonly checked: readonly Amount[];
  /** Comparisons of verdicts and ticks, without figures. */
  readonly comparisons: number;
}

/** One planted text that a rule must catch, and the same text made right. */
export interface LintSaboteur {
  readonly text: string;
  readonly clean: string;
}

export interface LintRule {
  readonly id: string;
  readonly summary: string;
  readonly level: LintLevel;
  readonly saboteur: LintSaboteur;
  readonly run: (report: Report) => RuleResult;
}
