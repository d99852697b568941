/** One table of facts, to be written in many layouts; the first column names the rows. */
export interface Facts {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Layout {
  readonly name: string;
  readonly write: (facts: Facts) => string;
}

const all = (facts: Facts): readonly (readonly string[])[] => [facts.columns, ...facts.rows];
const widths = (facts: Facts): number[] =>
  facts.columns.map((_, i) => Math.max(...all(facts).map((row) => (row[i] ?? "").length)));

function padded(facts: Facts, row: readonly string[]): string[] {
  const room = widths(facts);
  return row.map((cell, i) => cell.padEnd(room[i] ?? 0));
}

function pipes(facts: Facts): string {
  const [head = [], ...rows] = all(facts);
  const lines = [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
  return `## ${facts.title}\n\n${lines.join("\n")}\n`;
}

function bare(facts: Facts): string {
  const [head = [], ...rows] = all(facts);
  const lines = [head, head.map(() => "---"), ...rows].map((row) => row.join(" | "));
  return `## ${facts.title}\n\n${lines.join("\n")}\n`;
}

function spaces(facts: Facts): string {
  const lines = all(facts).map((row) => padded(facts, row).join("   ").trimEnd());
  return `${facts.title}\n=======\n\n${lines.join("\n")}\n`;
}

function ruled(facts: Facts): string {
  const [head = [], ...rows] = all(facts).map((row) => padded(facts, row).join("   ").trimEnd());
  const rule = widths(facts)
    .map((width) => "-".repeat(width))
    .join("   ");
  return `${facts.title}\n=======\n\n${[head, rule, ...rows].join("\n")}\n`;
}

function box(facts: Facts): string {
  const room = widths(facts);
  const edge = (l: string, m: string, r: string): string =>
    l + room.map((width) => "\u2500".repeat(width + 2)).join(m) + r;
  const [head = [], ...rows] = all(facts).map(
    (row) => `\u2502 ${padded(facts, row).join(" \u2502 ")} \u2502`,
  );
  const lines = [
    edge("\u250c", "\u252c", "\u2510"),
    head,
    edge("\u251c", "\u253c", "\u2524"),
    ...rows,
  ];
  return `# ${facts.title}\n\n${[...lines, edge("\u2514", "\u2534", "\u2518")].join("\n")}\n`;
}

function ascii(facts: Facts): string {
  const edge = `+${widths(facts)
    .map((width) => "-".repeat(width + 2))
    .join("+")}+`;
  const [head = [], ...rows] = all(facts).map((row) => `| ${padded(facts, row).join(" | ")} |`);
  return `# ${facts.title}\n\n${[edge, head, edge, ...rows, edge].join("\n")}\n`;
}

function tabs(facts: Facts): string {
  return `# ${facts.title}\n\n${all(facts)
    .map((row) => row.join("\t"))
    .join("\n")}\n`;
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

function html(facts: Facts): string {
  const cells = (row: readonly string[], tag: string): string =>
    row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("");
  const [head = [], ...rows] = all(facts);
  const body = rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("\n");
  return `<!doctype html>\n<html><body><h2>${escaped(facts.title)}</h2>\n<table>\n<tr>${cells(head, "th")}</tr>\n${body}\n</table></body></html>\n`;
}

function json(facts: Facts): string {
  const rows = facts.rows.map((row) =>
    Object.fromEntries(facts.columns.map((name, i) => [name, row[i] ?? ""])),
  );
  return JSON.stringify({ [facts.title]: rows }, null, 2);
}

function emphasised(facts: Facts): string {
  const rows = facts.rows.map((row) => row.map((cell) => (cell === "" ? cell : `**${cell}**`)));
  return pipes({ ...facts, rows });
}

function turned(facts: Facts): string {
  const [head = [], ...rows] = facts.columns.map((_, i) => all(facts).map((row) => row[i] ?? ""));
  return pipes({ title: facts.title, columns: head, rows });
}

function totalFirst(facts: Facts): string {
  const isTotal = (row: readonly string[]): boolean =>
    /^(?:Total|Overall|Average)/.test(row[0] ?? "");
  return pipes({
    ...facts,
    rows: [...facts.rows.filter(isTotal), ...facts.rows.filter((row) => !isTotal(row))],
  });
}

/** Every way one table may be written that a report of people or machines uses. */
export const layouts: readonly Layout[] = [
  { name: "pipes", write: pipes },
  { name: "pipes without edges", write: bare },
  { name: "spaces", write: spaces },
  { name: "spaces and a rule", write: ruled },
  { name: "box", write: box },
  { name: "ascii box", write: ascii },
  { name: "tabs", write: tabs },
  { name: "html", write: html },
  { name: "json", write: json },
  { name: "emphasis", write: emphasised },
  { name: "turned", write: turned },
  { name: "total first", write: totalFirst },
];
