import type { Cell, Field, Row } from "../types.ts";
import type { DecimalSign } from "./locale.ts";
import { type Named, readField, readName } from "./pieces.ts";
import { isTotalLabel, roleOf } from "./roles.ts";
import { statusOf } from "./status.ts";

/** Characters of a row or cell that a finding quotes. */
export const quoteMax = 160;

const figureCell =
  /^[~<>\u2264\u2265\u2248+-]?\s?[\d.,'\u00a0\u202f\u2009 ]*\d\s?(?:%|[a-zA-Z\u00b5/]{1,8})?$/;
const isFigure = (cell: Cell): boolean => figureCell.test(cell.text.slice(0, 60));
const hasRole = (cell: Cell): boolean => roleOf(cell.text) !== "other";

const structure: ReadonlySet<string> = new Set(
  "target value status passed failed open weight date".split(" "),
);
/** Whether a name tells what its figures are, and not which thing they belong to. */
const isStructure = (cell: Cell): boolean => structure.has(roleOf(cell.text));

/** Rows of one width: short rows are filled, the rest of long ones is left out. */
function squared(rows: readonly (readonly Cell[])[]): Cell[][] {
  const width = rows[0]?.length ?? 0;
  return rows.map((row) => {
    const line = row[0]?.line ?? 1;
    return Array.from({ length: width }, (_, i) => row[i] ?? { text: "", line });
  });
}

function flipped(rows: readonly (readonly Cell[])[]): Cell[][] {
  const [head = []] = rows;
  return head.map((_, column) => rows.map((row) => row[column] ?? { text: "", line: 1 }));
}

/** Whether the names stand in the first column: measures below each other, one column per thing. */
function isTurned(rows: readonly (readonly Cell[])[]): boolean {
  const [head = [], ...body] = rows;
  const isNamed = body.filter((row) => row[0] !== undefined && isStructure(row[0])).length >= 2;
  if (head.length > 2 && isNamed) return !head.slice(1).some(isStructure);
  const named = head.slice(1).filter(hasRole).length;
  const below = body.filter((row) => row[0] !== undefined && hasRole(row[0])).length;
  if (below < 2) return false;
  if (head.length > 2) return named === 0 && below * 2 >= body.length;
  const values = body.flatMap((row) => row[1] ?? []);
  const counts = body.filter((row) =>
    /^(?:passed|failed|open|total|rate)$/.test(roleOf(row[0]?.text ?? "")),
  );
  return counts.length >= 2 && values.every((cell) => statusOf(cell.text) === null);
}

function hasHeader(rows: readonly (readonly Cell[])[]): boolean {
  const [head = []] = rows;
  const rest = head.slice(1);
  return rest.filter(isFigure).length * 2 < rest.length || rest.length === 0;
}

const figured: ReadonlySet<string> = new Set(
  "total passed failed open rate badRate quantile".split(" "),
);

/**
 * The column that names the rows: the first of words alone that is no status and no running number.
 * Where all are figures it is the first, or none (-1) when that one is a count or a rate itself and
 * nothing in it is a name, such as that of the total of its rows.
 */
function labelColumn(head: readonly Cell[], body: readonly (readonly Cell[])[]): number {
  const index = head.findIndex((cell, column) => {
    const role = roleOf(cell.text);
    if (role === "status" || cell.text === "#") return false;
    const cells = body.flatMap((row) => row[column] ?? []).filter((one) => one.text !== "");
    const words = cells.filter((one) => !isFigure(one) && statusOf(one.text) === null);
    return cells.length > 0 && words.length * 2 > cells.length;
  });
  const isFigured =
    figured.has(roleOf(head[0]?.text ?? "")) &&
    body.every(([first]) => first === undefined || first.text === "" || isFigure(first));
  return index < 0 && !isFigured ? 0 : index;
}

/** Reads a table in any orientation as rows with named fields. */
export function readTable(raw: readonly (readonly Cell[])[], sign: DecimalSign): Row[] {
  let rows = squared(raw);
  const width = rows[0]?.length ?? 0;
  if (width < 2) return [];
  if (!hasHeader(rows)) {
    const line = rows[0]?.[0]?.line ?? 1;
    rows = [Array.from({ length: width }, () => ({ text: "", line })), ...rows];
  }
  if (isTurned(rows)) rows = flipped(rows);
  const [head = [], ...body] = rows;
  const label = labelColumn(head, body);
  const names = head.map((cell) => readName(cell.text));
  return body
    .filter((row) => row.some((cell) => cell.text !== ""))
    .map((row) => readRow(names, row, label, sign));
}

function readRow(
  names: readonly Named[],
  row: readonly Cell[],
  label: number,
  sign: DecimalSign,
): Row {
  const name = row[label]?.text ?? "";
  const fields = row.flatMap((cell, i) => {
    const named = names[i];
    return i === label || named === undefined ? [] : [readField(named, cell, sign)];
  });
  return makeRow(name, row[label]?.line ?? 1, fields);
}

/** A row with its quotable text: label and cells in the order of the columns. */
export function makeRow(label: string, line: number, fields: readonly Field[]): Row {
  const isTotal = isTotalLabel(label);
  const parts = fields.map((field) => `${field.name} ${field.cell.text}`.trim());
  const excerpt = [label, ...parts]
    .filter((one) => one !== "")
    .join(" | ")
    .slice(0, quoteMax);
  return { label, line, fields, isTotal, excerpt };
}
