/** A Markdown table; `|` and line ends inside a cell are escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

const cell = (text: string): string => text.replace(/\s*\n\s*/g, " ").replaceAll("|", "\\|");

/** A page of `docs/reference`, with the note that it is written by a command. */
export function page(title: string, intro: string, ...sections: readonly string[]): string {
  const note = "<!-- Written by `npm run docs` from the tables in the code. Do not edit. -->";
  return `${[note, `# ${title}`, intro, ...sections].join("\n\n")}\n`;
}

export const code = (text: string): string => `\`${text}\``;
