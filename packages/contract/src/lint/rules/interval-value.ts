import {
  type Collector,
  exactOf,
  isCount,
  isExact,
  quoteField,
  quoteStatement,
  shownIn,
} from "../finding.ts";
import type { Amount, Field, Grid, Quote, Report, Row, Statement } from "../types.ts";

const named = /\b(?:ci|confidence|credible|confidence interval|95 ?% interval)\b/i;
const lower = /^(?:lower|low|lcl|lower (?:bound|limit|end)|from|(?:95 ?% )?ci (?:low|lower))$/i;
const upper = /^(?:upper|high|ucl|upper (?:bound|limit|end)|to|(?:95 ?% )?ci (?:high|upper))$/i;
const estimate = /^(?:(?:point )?estimate|value|observed|measured|result|mean|rate|success rate)$/i;
const notMeasured = /\b(?:target|threshold|goal|slo|sla|limit|objective|baseline|prior|n)\b/i;
const level = /^\s?(?:confidence|ci\b|interval|credible)/i;

interface Range {
  readonly low: Amount;
  /** Upper end, in the base unit. */
  readonly high: number;
  readonly half: number;
  readonly text: string;
  readonly quotes: readonly Quote[];
}

/** A figure outside of the interval that is stated for it: it would be no estimate of anything. */
function judge(value: Amount, valueQuote: Quote, range: Range, out: Collector): void {
  if (value.dimension !== range.low.dimension || !isExact(value)) return;
  out.check(value, range.low);
  const room = value.half + range.half + 1e-9;
  if (value.value >= range.low.value - room && value.value <= range.high + room) return;
  const [first, ...others] = range.quotes;
  if (first === undefined) return;
  out.add({
    message: `${value.text} lies outside of its own interval, ${range.text}`,
    recomputed: `${shownIn(range.low.value, range.low)} to ${shownIn(range.high, range.low)}`,
    quotes: [valueQuote, first, ...others],
  });
}

function rangeOf(amount: Amount | undefined, quotes: readonly Quote[]): Range | null {
  if (amount?.upper === undefined) return null;
  const { upper: high, half, text } = amount;
  return { low: amount, high, half, text, quotes };
}

/** The interval between two cells. */
function endsOf(low: readonly [Row, Field], high: readonly [Row, Field]): Range | null {
  const [least, most] = [low[1].amounts[0], high[1].amounts[0]];
  if (least === undefined || most === undefined) return null;
  if (least.dimension !== most.dimension || least.value > most.value) return null;
  const text = `${least.text} to ${most.text}`;
  const quotes = [quoteField(...low), quoteField(...high)];
  return { low: least, high: most.value, half: Math.max(least.half, most.half), text, quotes };
}

/** The bounds of a row: one field that is a range, or two that are its ends. */
function rangeIn(row: Row): { readonly range: Range; readonly at: number } | null {
  const own = row.fields.findIndex(
    (one) => named.test(one.name) && one.amounts[0]?.upper !== undefined,
  );
  const field = row.fields[own];
  if (field !== undefined) {
    const range = rangeOf(field.amounts[0], [quoteField(row, field)]);
    return range === null ? null : { range, at: own };
  }
  const [from, to] = [lower, upper].map((name) =>
    row.fields.findIndex((one) => name.test(one.name.trim())),
  );
  const [low, high] = [row.fields[from ?? -1], row.fields[to ?? -1]];
  if (low === undefined || high === undefined) return null;
  const range = endsOf([row, low], [row, high]);
  return range === null ? null : { range, at: from ?? 0 };
}

/** Bounds beside what passed and of how many. */
function checkShare(row: Row, range: Range, out: Collector): void {
  const [part, whole] = (["passed", "total"] as const).map((role) => {
    const fields = row.fields.filter((one) => one.role === role);
    return fields.length === 1 ? fields[0] : undefined;
  });
  const [k, n] = [exactOf(part), exactOf(whole)];
  if (part === undefined || k === null || n === null || !isCount(k) || !isCount(n)) return;
  if (n.value === 0 || k.value > n.value || range.low.dimension !== "percent") return;
  const text = `${k.text} of ${n.text}`;
  const share = { ...range.low, value: (100 * k.value) / n.value, half: 0, text };
  const { upper: _upper, ...exact } = share;
  judge(exact, quoteField(row, part), range, out);
}

/** What the bounds of a row are of: the one figure of its kind, in a list the one before them. */
function checkRow(row: Row, out: Collector): void {
  const found = rangeIn(row);
  if (found === null) return;
  const { range, at } = found;
  const isOf = (one: Field | undefined): one is Field =>
    one?.amounts.length === 1 &&
    one.amounts[0]?.dimension === range.low.dimension &&
    one.amounts[0].upper === undefined &&
    !named.test(one.name) &&
    !notMeasured.test(one.name) &&
    !lower.test(one.name.trim()) &&
    !upper.test(one.name.trim());
  const before = row.fields[at - 1];
  const candidates =
    row.label === "" ? (isOf(before) ? [before] : []) : row.fields.filter((one) => isOf(one));
  const [field, second] = candidates;
  const value = field?.amounts[0];
  if (field === undefined) checkShare(row, range, out);
  if (field === undefined || second !== undefined || value === undefined) return;
  judge(value, quoteField(row, field), range, out);
}

/** "97.2 % (95 % CI 98.1-99.4 %)" and "99.95 %, 95 % confidence interval [99.1 %, 99.9 %]". */
function checkStatement(one: Statement, out: Collector): void {
  if (!named.test(one.text) || notMeasured.test(one.text)) return;
  const isLevel = ({ dimension, end, upper: high }: Amount): boolean =>
    dimension === "percent" && high === undefined && level.test(one.text.slice(end, end + 16));
  const [value, ...ends] = one.amounts.filter((amount) => !isLevel(amount));
  if (value === undefined || value.upper !== undefined || value.of !== undefined) return;
  const range = spokenRange(one, ends);
  if (range !== null) judge(value, { line: value.line, text: value.text }, range, out);
}

/** A range as one figure, or as two with a sign or a word between them. */
function spokenRange(one: Statement, [first, second, more]: readonly Amount[]): Range | null {
  if (first === undefined || more !== undefined) return null;
  const quotes = [quoteStatement(one)];
  if (second === undefined) return rangeOf(first, quotes);
  const between = one.text.slice(first.end, second.start).trim();
  const isPair = [",", ";", "to", "and"].includes(between) && isExact(first) && isExact(second);
  if (!isPair || first.dimension !== second.dimension || first.value > second.value) return null;
  const text = one.text.slice(first.start, second.end);
  const half = Math.max(first.half, second.half);
  return { low: first, high: second.value, half, text, quotes };
}

/** Estimate and bounds below each other, column by column. */
function checkTurned({ rows }: Grid, out: Collector): void {
  const [from, to, middle] = [lower, upper, estimate].map((name) => {
    const found = rows.filter((row) => name.test(row.label.trim()));
    return found.length === 1 ? found[0] : undefined;
  });
  if (from === undefined || to === undefined || middle === undefined) return;
  middle.fields.forEach((field, column) => {
    const value = field.amounts[0];
    const [low, high] = [from.fields[column], to.fields[column]];
    if (value === undefined || field.amounts.length !== 1 || !low || !high) return;
    const range = endsOf([from, low], [to, high]);
    if (range !== null) judge(value, quoteField(middle, field), range, out);
  });
}

/** Finds figures that lie outside of the confidence interval stated beside them. */
export function checkValues(report: Report, out: Collector): void {
  for (const grid of report.grids) {
    for (const row of grid.rows) checkRow(row, out);
    checkTurned(grid, out);
  }
  for (const one of report.statements) checkStatement(one, out);
}
