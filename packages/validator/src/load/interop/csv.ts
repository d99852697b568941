/** Rows of RFC 4180 text by column name; a row of another length is null. */
export function readCsv(text: string): {
  readonly columns: readonly string[];
  readonly rows: readonly (Readonly<Record<string, string>> | null)[];
} {
  const [columns = [], ...lines] = linesOf(text.replace(/^\uFEFF/, ""));
  const rows = lines.map((cells) =>
    cells.length === columns.length
      ? Object.fromEntries(columns.map((name, i) => [name, cells[i] ?? ""]))
      : null,
  );
  return { columns, rows };
}

function linesOf(text: string): string[][] {
  const lines: string[][] = [];
  let cells: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  while (cell.lastIndex < text.length) {
    const from = cell.lastIndex;
    const found = cell.exec(text);
    if (found === null) {
      // A stray quote: the rest is one cell of a row that is then too long or too short.
      cells.push(text.slice(from), "", "");
      break;
    }
    cells.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? "");
    if (found[3] === ",") {
      if (cell.lastIndex < text.length) continue;
      cells.push("");
    }
    lines.push(cells);
    cells = [];
  }
  if (cells.length > 0) lines.push(cells);
  return lines.filter((one) => one.length > 1 || one[0] !== "");
}
