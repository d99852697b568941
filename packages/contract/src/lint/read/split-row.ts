import { cleanInline } from "./clean-cell.ts";
import { columnsMax } from "./block.ts";
import type { Cell } from "../types.ts";

const bars = /[|\u2502\u2503\u2551]/;

/** A line of dashes, colons, pluses and box corners alone: a rule between rows. */
export function isRuleLine(line: string): boolean {
  const text = line.trim();
  return (
    text.length >= 2 && /^[-=:+|\s\u2500-\u257f]+$/.test(text) && /[-=\u2500-\u257f]/.test(text)
  );
}

/** Whether a line may be a row with bars between its cells. */
export function hasBars(line: string): boolean {
  return bars.test(line);
}

/** The cells of a row with bars; `\|` and bars inside code are no borders. */
export function splitBars(line: string, lineNumber: number): Cell[] {
  const parts: string[] = [];
  let from = 0;
  let isCode = false;
  for (let at = 0; at < line.length; at++) {
    const sign = line[at] ?? "";
    if (sign === "`") isCode = !isCode && line.includes("`", at + 1);
    if (isCode || !bars.test(sign) || line[at - 1] === "\\") continue;
    parts.push(line.slice(from, at));
    from = at + 1;
  }
  parts.push(line.slice(from));
  if ((parts[0] ?? "").trim() === "") parts.shift();
  if (parts.length > 1 && (parts.at(-1) ?? "").trim() === "") parts.pop();
  return cellsOf(parts, lineNumber);
}

/** The cells of a row with tabs between them. */
export function splitTabs(line: string, lineNumber: number): Cell[] {
  return cellsOf(line.split("\t"), lineNumber);
}

/** The cells of a row whose columns are two or more spaces apart. */
export function splitSpaces(line: string, lineNumber: number): Cell[] {
  return cellsOf(line.trim().split(/ {2,}/), lineNumber);
}

function cellsOf(parts: readonly string[], line: number): Cell[] {
  return parts.slice(0, columnsMax).map((part) => ({ text: cleanInline(part), line }));
}
