import type { Amount, Comparator } from "../types.ts";
import { compoundTimeAt } from "./compound-time.ts";
import { type DecimalSign, parseFigure } from "./locale.ts";
import { suffixFactor, unitAt } from "./units.ts";

/** Figures of one text that are read. */
const amountsMax = 200;

/** Dates, clock times, addresses, versions, identifiers: digits that count nothing. */
const labels: readonly RegExp[] = [
  /\b\d{4}-\d{2}(?:-\d{2})?(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?)?\b/g,
  /\b\d{1,2}([./])\d{1,2}\1\d{2,4}\b/g,
  /\b\d{1,2}:\d{2}(?::\d{2})?\b/g,
  /\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}\b/gi,
  /\b\d{1,2}\.? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.? \d{4}\b/gi,
  /\b[a-z]{2,8}:\/\/\S{1,500}/gi,
  /\b\d{1,3}\.\d{1,3}\.\d{1,3}(?:\.\d{1,3})?\b/g,
  /\b(?=[0-9a-f]{0,40}[a-f])(?=[0-9a-f]{0,40}\d)[0-9a-f]{7,64}\b/g,
  /\b(?:HTTP|TLS|OAuth|Python|Node|RFC|ISO|SOC|port|line|version|step|phase|section|table|figure|week|sprint|quarter|issue|PR|level|tier|type|chapter|page|item|no\.) ?#?\d[\w.-]{0,12}/gi,
  /\b24\/7\b/g,
];

/** Blanks what counts nothing; positions stay. */
function withoutLabels(text: string): string {
  let out = text;
  for (const pattern of labels) {
    if (pattern.test(out)) out = out.replace(pattern, (found) => "\u0000".repeat(found.length));
    pattern.lastIndex = 0;
  }
  return out;
}

/** A figure begins where no letter, digit, dot, slash or dash of a name stands before it. */
function isNamePart(text: string, at: number): boolean {
  const before = text[at - 1] ?? " ";
  if (/[\w#$\u20ac\u00a3.\\@]/.test(before)) return true;
  return /[-/]/.test(before) && /[A-Za-z_]/.test(text[at - 2] ?? " ");
}

const comparators: readonly (readonly [RegExp, Comparator])[] = [
  [
    /(?:<=?|\u2264|\bbelow|\bunder|\bless than|\bat most|\bup to|\bmax\.?|\bmaximum|\bwithin|\bno more than)\s?(?:of\s)?$/i,
    "<",
  ],
  [
    /(?:>=?|\u2265|\bover|\babove|\bmore than|\bat least|\bmin\.?|\bminimum|\bexceeds|\bexceeding)\s?(?:of\s)?$/i,
    ">",
  ],
  [
    /(?:~|\u2248|\u00b1|\babout|\bapprox\.?|\bapproximately|\baround|\broughly|\bnearly|\balmost|\bca\.?|\bcirca)\s?$/i,
    "~",
  ],
];

function comparatorBefore(text: string, at: number): Comparator {
  const before = text.slice(Math.max(0, at - 16), at);
  return comparators.find(([pattern]) => pattern.test(before))?.[1] ?? "=";
}

interface Context {
  readonly line: number;
  readonly sign: DecimalSign;
}

/** Every figure of one text, in order; names, dates and versions are left out. */
export function readAmounts(text: string, context: Context): Amount[] {
  if (!/\d/.test(text)) return [];
  const masked = withoutLabels(text);
  const found: Amount[] = [];
  const token = /\d+(?:[.,'\u2019\u00a0\u202f\u2009]\d+)*/g;
  for (let match = token.exec(masked); match !== null; match = token.exec(masked)) {
    if (found.length >= amountsMax) break;
    if (isNamePart(masked, match.index)) continue;
    const one =
      readDuration(masked, match.index, context) ?? readOne(masked, match.index, match[0], context);
    if (one === null) continue;
    found.push({ ...one, text: text.slice(one.start, one.end).trim() });
    token.lastIndex = Math.max(token.lastIndex, one.end);
  }
  return found;
}

/** Groups after a plain space, where the comma is the decimal sign: `12 345,6`. */
function withSpaces(text: string, at: number, token: string, sign: DecimalSign): string {
  if (sign !== "," || !/^\d{1,3}$/.test(token)) return token;
  const rest = /^(?: \d{3}(?!\d))+(?:,\d+)?/.exec(text.slice(at + token.length, at + 40));
  return token + (rest?.[0] ?? "");
}

/** What follows the digits: the upper end of a range, or a whole, and a unit. */
interface Tail {
  readonly end: number;
  readonly upper?: number;
  readonly of?: number;
  readonly unit: ReturnType<typeof unitAt>;
}

interface Head {
  readonly value: number;
  readonly start: number;
  readonly end: number;
}

function readTail(text: string, head: Head, sign: DecimalSign): Tail | null {
  const upper = readRange(text, head.end, sign);
  const isFromTo = /\bfrom\s?$/i.test(text.slice(Math.max(0, head.start - 6), head.start));
  if (upper !== null && upper.value >= head.value && !isFromTo) {
    return withUnit(text, { end: upper.end, upper: upper.value });
  }
  const share = readShare(text, head.end, sign);
  if (share !== null) return { end: share.end, of: share.value, unit: null };
  return withUnit(text, { end: head.end });
}

/** Letters right behind the digits that are no unit make them part of a name. */
function withUnit(text: string, tail: Omit<Tail, "unit">): Tail | null {
  const unit = unitAt(text, tail.end);
  if (unit === null && /[A-Za-z]/.test(text[tail.end] ?? "")) return null;
  return { ...tail, unit, end: tail.end + (unit?.length ?? 0) };
}

/** `1000+`: at least so many. */
function isPlus(text: string, at: number): boolean {
  return text[at] === "+" && !/\d/.test(text[at + 1] ?? "");
}

/** The parts of an amount that only some have, in its base unit. */
function extrasOf(tail: Tail, factor: number): Pick<Amount, "upper" | "of" | "dimension" | "unit"> {
  return {
    ...(tail.upper === undefined ? {} : { upper: tail.upper * factor }),
    ...(tail.of === undefined ? {} : { of: tail.of }),
    dimension: tail.unit?.dimension ?? "count",
    unit: tail.unit?.name ?? "",
  };
}

/** `1 h 32 min` as one figure. */
function readDuration(text: string, at: number, { line }: Context): Amount | null {
  const time = compoundTimeAt(text, at);
  if (time === null) return null;
  const { ms: value, halfMs: half, end, unit } = time;
  const comparator = comparatorBefore(text, at);
  return { value, half, dimension: "time", unit, comparator, start: at, end, text: "", line };
}

function readOne(text: string, at: number, found: string, context: Context): Amount | null {
  const token = withSpaces(text, at, found, context.sign);
  const figure = parseFigure(token.replaceAll(" ", "'"), context.sign);
  if (figure === null) return null;
  const digitsEnd = at + token.length;
  const scale = suffixFactor(text, digitsEnd);
  const isMinus = text[at - 1] === "-" || text[at - 1] === "\u2212";
  const start = isMinus ? at - 1 : at;
  const end = scale === 1 ? digitsEnd : digitsEnd + 1;
  const tail = readTail(text, { value: figure.value, start, end }, context.sign);
  if (tail === null) return null;
  const factor = (tail.unit?.factor ?? 1) * scale * (isMinus ? -1 : 1);
  return {
    value: figure.value * factor,
    ...extrasOf(tail, factor),
    half: Math.abs(figure.half * factor),
    comparator: isPlus(text, tail.end) ? ">" : comparatorBefore(text, start),
    start,
    end: tail.end,
    text: "",
    line: context.line,
  };
}

const rangeMark =
  /^(?:\s?[-\u2013\u2014]\s?|\s?\.\.\.?\s?|\sto\s|\sbis\s)(\d+(?:[.,]\d+)*)(?!\d|[.,]\d|-\d)/;

/** The upper end of `10-20` or `10 to 20`. */
function readRange(
  text: string,
  at: number,
  sign: DecimalSign,
): { value: number; end: number } | null {
  const unit = unitAt(text, at);
  const from = unit === null ? at : at + unit.length;
  const match = rangeMark.exec(text.slice(from, from + 40));
  if (match === null) return null;
  const figure = parseFigure(match[1] ?? "", sign);
  return figure === null ? null : { value: figure.value, end: from + match[0].length };
}

const shareMark =
  /^(?:\s?\/\s?|\s(?:out\s)?of\s(?:the\s)?|\svon\s)(\d+(?:[.,'\u2019\u00a0\u202f\u2009]\d+)*)(?![\w/%])/;

/** The whole of `18/20`, `18 of 20` or `18 out of 20`. */
function readShare(
  text: string,
  at: number,
  sign: DecimalSign,
): { value: number; end: number } | null {
  const match = shareMark.exec(text.slice(at, at + 40));
  if (match === null) return null;
  const figure = parseFigure(match[1] ?? "", sign);
  return figure === null ? null : { value: figure.value, end: at + match[0].length };
}
