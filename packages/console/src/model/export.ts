/** One cell of a table that leaves the page; null is a value nobody measured. */
export type Cell = string | number | boolean | null;

export interface ExportTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** What a spreadsheet would run as a formula, also behind white space and in full width. */
const formula = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r]/;

/** A text that begins like a formula gets an apostrophe in front; a number of ours is none. */
function cellText(cell: Cell): string {
  if (cell === null) return "not measured";
  if (typeof cell !== "string") return String(cell);
  const inert = formula.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]|^\s|\s$/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

/** CSV by RFC 4180, every cell defused. */
export const csvOf = ({ columns, rows }: ExportTable): string =>
  [columns, ...rows].map((row) => `${row.map(cellText).join(",")}\r\n`).join("");
