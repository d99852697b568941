import { exactOf, isAside, quoteField } from "../finding.ts";
import { once } from "./once.ts";
import { isMeanLabel } from "./roles.ts";
import type { Amount, Field, Grid, Quote, Report, Row } from "../types.ts";

/** An overall figure beside the parts it sums up. */
export interface MeanFact {
  readonly overall: Amount;
  readonly value: number;
  readonly half: number;
  readonly parts: readonly Amount[];
  readonly low: number;
  readonly high: number;
  /** Plain mean first, then every weighted mean the table can give. */
  readonly means: readonly number[];
  /** True when the report calls it a mean or a score, so that it must be one of `means`. */
  readonly isMean: boolean;
  readonly quotes: readonly [Quote, Quote, ...Quote[]];
}

/** A score as a number: `92`, `92 %` and `92/100` are alike, per cent of its whole. */
function scoreOf(field: Field | undefined): { amount: Amount; value: number; half: number } | null {
  const [amount, second] = field?.amounts ?? [];
  if (amount === undefined || second !== undefined) return null;
  if (amount.of !== undefined) {
    if (amount.of <= 0 || amount.comparator !== "=") return null;
    return {
      amount,
      value: (100 * amount.value) / amount.of,
      half: (100 * amount.half) / amount.of,
    };
  }
  const exact = exactOf(field);
  return exact === null ? null : { amount: exact, value: exact.value, half: exact.half };
}

const averaged: ReadonlySet<string> = new Set(["rate", "badRate", "score"]);

function meansOf(rows: readonly Row[], values: readonly number[]): number[] {
  const plain = values.reduce((sum, one) => sum + one, 0) / values.length;
  const width = rows.reduce((most, row) => Math.max(most, row.fields.length), 0);
  const weighted = Array.from({ length: width }, (_, column) => {
    const weights = rows.map((row) => exactOf(row.fields[column])?.value ?? -1);
    const all = weights.reduce((sum, one) => sum + one, 0);
    if (weights.some((one) => one < 0) || all <= 0) return [];
    return [values.reduce((sum, one, i) => sum + one * (weights[i] ?? 0), 0) / all];
  });
  return [plain, ...weighted.flat()];
}

interface Overall {
  readonly row: Row;
  readonly field: Field;
  readonly isMean: boolean;
}

/** The scores of one column, read once for every overall figure beside it. */
interface Parts extends Pick<MeanFact, "parts" | "low" | "high" | "half" | "means"> {
  /** Dimension and whole of every score. */
  readonly unit: string;
  readonly quotes: readonly [Quote, ...Quote[]];
}

const unitOf = ({ dimension, of }: Amount): string => `${dimension} ${of}`;

/** Null when a cell is no score, fewer than two are, or they are not alike. */
function partsOf(grid: Grid, column: number): Parts | null {
  const rows = grid.rows.filter((row) => !row.isTotal && row.fields[column]?.cell.text !== "");
  const scores = rows.flatMap((row) => scoreOf(row.fields[column]) ?? []);
  const [unit = "", other] = new Set(scores.map((one) => unitOf(one.amount)));
  if (scores.length < 2 || scores.length < rows.length || other !== undefined) return null;
  const quotes = rows.slice(0, 30).flatMap((row) => {
    const field = row.fields[column];
    return field === undefined ? [] : [quoteField(row, field)];
  });
  const [first, ...others] = quotes;
  if (first === undefined) return null;
  const values = scores.map((one) => one.value);
  return {
    parts: scores.map((one) => one.amount),
    unit,
    low: values.reduce((least, one) => Math.min(least, one), Infinity),
    high: values.reduce((most, one) => Math.max(most, one), -Infinity),
    half: scores.reduce((most, one) => Math.max(most, one.half), 0),
    means: meansOf(rows, values),
    quotes: [first, ...others],
  };
}

function factOf(parts: Parts | null, overall: Overall): MeanFact | null {
  const stated = scoreOf(overall.field);
  if (stated === null || parts === null || unitOf(stated.amount) !== parts.unit) return null;
  return {
    ...parts,
    overall: stated.amount,
    value: stated.value,
    half: Math.max(stated.half, parts.half),
    isMean: overall.isMean,
    quotes: [quoteField(overall.row, overall.field), ...parts.quotes],
  };
}

function inGrid(grid: Grid): MeanFact[] {
  const partsAt = once((column: number) => partsOf(grid, column));
  return grid.rows
    .filter((row) => row.isTotal && !/\b(?:sub|weighted)/i.test(row.label))
    .flatMap((row) =>
      row.fields.flatMap((field, column) => {
        const called = isMeanLabel(row.label);
        // The mean of percentiles is theirs only where a row is called nothing else.
        const isOwn = field.role !== "quantile" || /^(?:average|mean|avg)$/i.test(row.label.trim());
        if (!averaged.has(field.role) && !(called && isOwn)) return [];
        const isMean = called || field.role === "score";
        return factOf(partsAt(column), { row, field, isMean }) ?? [];
      }),
    );
}

/** `Overall score: 92` above or below one table of scores without a total of its own. */
function fromHeadline(report: Report): MeanFact[] {
  const tables = report.grids.filter(
    (grid) =>
      !isAside(grid.section) &&
      grid.rows.length >= 2 &&
      grid.rows.every((row) => !row.isTotal) &&
      grid.rows[0]?.fields.some((field) => field.role === "score"),
  );
  const [grid] = tables;
  if (grid === undefined || tables.length !== 1) return [];
  const column = grid.rows[0]?.fields.findIndex((field) => field.role === "score") ?? -1;
  const rows = report.grids
    .filter((one) => one !== grid && one.rows.length === 1)
    .flatMap((one) => one.rows);
  const parts = partsOf(grid, column);
  return rows.flatMap((row) =>
    row.fields.flatMap((field) => {
      const isOverall = /\b(?:overall|total|average|mean|final)\b/i.test(field.name);
      const isScore =
        field.role === "score" || /^(?:overall|average|mean)$/i.test(field.name.trim());
      if (!isOverall || /weighted/i.test(field.name) || !isScore) return [];
      return factOf(parts, { row, field, isMean: true }) ?? [];
    }),
  );
}

const overallName =
  /^(?:average|mean|avg|overall|overall (?:average|mean))$|^(?:overall|average|mean)\b.{0,20}\b(?:score|rating|readiness)$/i;
const scored = /\b(?:scor(?:es?|ed)|ratings?|readiness|grades?|maturity)\b/i;
const noPart =
  /\b(?:min|max|median|std|p\d\d|target|threshold|goal|weights?|previous|before|last|sub\w*|total|count|number)\b/i;

/** `Overall (average of the four)` without its remark. */
const plainName = ({ name }: Field): string => name.replace(/\([^()]{0,60}\)/g, "").trim();

/** Scores beside each other, in one row or one list, with their mean among them. */
function inRow(grid: Grid): MeanFact[] {
  const [row] = grid.rows;
  if (row === undefined || grid.rows.length !== 1 || isAside(grid.section)) return [];
  const context = [...grid.section.titles, row.label, ...row.fields.map(({ name }) => name)];
  const overalls = row.fields.filter((one) => overallName.test(plainName(one)));
  const [field] = overalls;
  const others = row.fields.filter((one) => one !== field && one.cell.text !== "");
  if (field === undefined || overalls.length !== 1 || others.length < 3) return [];
  if (!scored.test(context.join(" ")) || others.some((one) => noPart.test(one.name))) return [];
  // Each part as a row of its own: the same figures in the other direction.
  const rows = others.map((one): Row => ({
    ...row,
    label: one.name,
    fields: [one],
    isTotal: false,
  }));
  return [factOf(partsOf({ ...grid, rows }, 0), { row, field, isMean: true }) ?? []].flat();
}

const meanName = /^(?:average|mean|avg|durchschnitt|mittelwert|\u00f8)\.?$/i;
const period =
  /^(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,7}\.?(?: \d{2,4})?|q[1-4](?:[ /-]\d{2,4})?|[12]\d{3}|(?:week|month|day|sprint|kw) ?\d{1,3})$/i;
const repeat = /^(?:(?:run|trial|round|attempt|iteration|lauf|versuch) ?#?|#)\d{1,3}$/i;

/**
 * `Sept | Oct | Nov | Average` in a row of its own thing: of repeats it is their plain mean, of periods
 * one that lies among them.
 */
function acrossRow(grid: Grid): MeanFact[] {
  if (isAside(grid.section)) return [];
  return grid.rows.flatMap((row): MeanFact[] => {
    const named = row.fields.filter((one) => meanName.test(plainName(one)));
    const [field] = named;
    const of = (names: RegExp): Field[] => row.fields.filter(({ name }) => names.test(name.trim()));
    const [repeats, periods] = [of(repeat), of(period)];
    const parts = repeats.length > 0 ? repeats : periods;
    const isAlone = row.fields.length === parts.length + 1;
    if (field === undefined || named.length !== 1 || parts.length < 2 || !isAlone) return [];
    const rows = parts.map((one): Row => ({ ...row, fields: [one], isTotal: false }));
    const overall = { row, field, isMean: parts === repeats };
    return [factOf(partsOf({ ...grid, rows }, 0), overall) ?? []].flat();
  });
}

/** "Security scored 70, performance 80 and operations 90, for an average of 88." */
function spoken({ statements }: Report): MeanFact[] {
  return statements.flatMap((one): MeanFact[] => {
    const overall = one.amounts.at(-1);
    const parts = one.amounts.slice(0, -1);
    const [first] = parts;
    if (overall === undefined || first === undefined || parts.length < 3) return [];
    const before = one.text.slice(parts.at(-1)?.end ?? 0, overall.start);
    const isMean = /\b(?:average|mean)(?: score| rating)?(?: of| is| was|:) ?$/i.test(before);
    if (!isMean || !scored.test(one.text) || noPart.test(one.text)) return [];
    const fields = [...parts, overall].map((amount): Field => ({
      name: amount.text,
      role: "score",
      cell: { text: amount.text, line: amount.line },
      amounts: [amount],
      status: null,
    }));
    const row = { label: "", line: one.line, isTotal: false, excerpt: one.text };
    const rows = fields.slice(0, -1).map((field): Row => ({ ...row, fields: [field] }));
    const field = fields.at(-1);
    const grid = { rows, section: one.section, line: one.line };
    if (field === undefined) return [];
    return [
      factOf(partsOf(grid, 0), { row: { ...row, fields }, field, isMean: true }) ?? [],
    ].flat();
  });
}

/** Every overall figure of a report whose parts are shown. */
export function meansOfReport(report: Report): MeanFact[] {
  const { grids } = report;
  return [
    ...grids.flatMap(inGrid),
    ...grids.flatMap(inRow),
    ...grids.flatMap(acrossRow),
    ...fromHeadline(report),
    ...spoken(report),
  ];
}
