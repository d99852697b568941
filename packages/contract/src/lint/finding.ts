import { quoteMax } from "./facts/tables.ts";
import type {
  Amount,
  Field,
  LintFinding,
  LintLevel,
  Quote,
  Row,
  RuleResult,
  Section,
  Statement,
} from "./types.ts";

/** Findings of one rule that are kept. */
const findingsMax = 500;

/** Collects what one rule finds; a finding needs two quotes, so none can stand without its sides. */
export class Collector implements RuleResult {
  readonly findings: LintFinding[] = [];
  readonly checked: Amount[] = [];
  readonly #rule: string;
  readonly #level: LintLevel;
  readonly #lists = new Set<readonly Amount[]>();
  #comparisons = 0;

  constructor(rule: string, level: LintLevel) {
    this.#rule = rule;
    this.#level = level;
  }

  /** Notes figures that took part in a recomputation, whether or not it agreed. */
  check(...amounts: readonly Amount[]): void {
    for (const one of amounts) this.checked.push(one);
  }

  /** Notes a list that several recomputations share; the same list is noted once. */
  checkList(amounts: readonly Amount[]): void {
    if (this.#lists.has(amounts)) return;
    this.#lists.add(amounts);
    for (const one of amounts) this.checked.push(one);
  }

  /** No more findings are kept: a rule may stop looking for them. */
  get isFull(): boolean {
    return this.findings.length >= findingsMax;
  }

  /** Notes comparisons that no figure takes part in, such as of two verdicts. */
  compare(count: number): void {
    this.#comparisons += count;
  }

  get comparisons(): number {
    return this.#comparisons;
  }

  /** Adds a finding; at most 500 of one rule are kept. */
  add(one: {
    message: string;
    recomputed: string;
    quotes: readonly [Quote, Quote, ...Quote[]];
  }): void {
    if (this.isFull) return;
    this.findings.push({ rule: this.#rule, level: this.#level, ...one });
  }
}

/** A row as it stands. */
export function quoteRow(row: Row): Quote {
  return { line: row.line, text: row.excerpt };
}

/** One named cell of a row, as it stands. */
export function quoteField(row: Row, field: Field): Quote {
  const text = [row.label, field.name, field.cell.text].filter((one) => one !== "").join(" | ");
  return { line: field.cell.line, text: text.slice(0, quoteMax) };
}

/** A sentence or list item as it stands. */
export function quoteStatement(one: Statement): Quote {
  return { line: one.line, text: one.text.slice(0, quoteMax) };
}

/** The one figure of a field that is exact as shown; null for ranges, bounds, estimates, several. */
export function exactOf(field: Field | undefined): Amount | null {
  const [amount, second] = field?.amounts ?? [];
  if (amount === undefined || second !== undefined) return null;
  return isExact(amount) ? amount : null;
}

/** A figure without range, bound, estimate or whole. */
export function isExact(amount: Amount): boolean {
  return amount.comparator === "=" && amount.upper === undefined && amount.of === undefined;
}

/** A whole number of things. */
export function isCount(amount: Amount): boolean {
  return (
    amount.dimension === "count" &&
    amount.half === 0.5 &&
    Number.isInteger(amount.value) &&
    amount.value >= 0
  );
}

/** A number for a message: at most four digits behind the point, none that says nothing. */
export function shown(value: number): string {
  return String(Number(value.toFixed(4)));
}

const baseUnits = {
  percent: " %",
  time: " ms",
  bytes: " B",
  rate: "/s",
  factor: "x",
  points: "",
  count: "",
} as const;

/** A value of an amount's dimension, in readable units. */
export function shownIn(value: number, like: Amount): string {
  if (like.dimension !== "time") return `${shown(value)}${baseUnits[like.dimension]}`;
  if (Math.abs(value) >= 3_600_000) return `${shown(value / 3_600_000)} h`;
  if (Math.abs(value) >= 60_000) return `${shown(value / 60_000)} min`;
  return Math.abs(value) >= 1_000 ? `${shown(value / 1_000)} s` : `${shown(value)} ms`;
}

/**
 * Whether a shown figure is the exact value rounded, or cut off after its last digit. `slack` is
 * what the addends' own rounding may add.
 */
export function agrees(figure: Amount, exact: number, slack = 0): boolean {
  const room = figure.half + slack + 1e-9 * Math.max(1, Math.abs(exact));
  const isRounded = Math.abs(figure.value - exact) <= room;
  const isCut = exact >= figure.value && exact - figure.value < 2 * figure.half + slack;
  return isRounded || isCut;
}

const asides =
  /\b(?:details of|histor(?:y|ic)|previous|earlier|last (?:run|week|month|quarter)|before|baseline|examples?|legend|glossary|definitions?|changelog|resolved|fixed|out of scope|backlog|roadmap|future|next steps|how to|known (?:issues|limitations)|accepted risks?|waive[dr]s?|appendix|template|optional|not required|open items|lessons)\b/i;

/** Whether a section speaks of other times or of what is not claimed now. */
export function isAside(section: Section): boolean {
  return section.titles.some((title) => asides.test(title));
}
