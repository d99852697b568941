import { type Block, textMax } from "./block.ts";
import { cleanInline } from "./clean-cell.ts";
import { splitTick } from "./tick.ts";
import { hasBars, isRuleLine, splitBars, splitSpaces, splitTabs } from "./split-row.ts";
import type { Cell } from "../types.ts";

const fenceMark = /^\s{0,3}(```|~~~)/;
const headingMark = /^\s{0,3}(#{1,6})\s+(\S.*)$/;
const itemMark = /^\s*(?:[-*+\u2022\u2023\u25aa\u25cf\u25e6\u00b7]|\d{1,3}[.)])\s+(.*)$/;
const quoteMark = /^\s{0,3}(?:>\s?)+/;

type Splitter = (line: string, lineNumber: number) => Cell[];

/** Reads Markdown and plain text, in one pass over the lines. */
export function readText(text: string): Block[] {
  return new TextReader(text.split("\n")).read();
}

/** `requests      : 640`: a name and its value, set apart so that the colons stand below each other. */
const isSetApart = (line: string): boolean =>
  /^\s*[^\s:=|][^:=|]{0,58}\s{2,}[:=]\s+\S/.test(line.slice(0, textMax));

/** A heading without the number signs that may close it. */
function withoutClosing(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === "#" || text[end - 1] === " ")) end -= 1;
  return text.slice(0, end);
}

class TextReader {
  readonly #lines: readonly string[];
  readonly #blocks: Block[] = [];
  #at = 0;

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  read(): Block[] {
    while (this.#at < this.#lines.length) this.#step();
    return this.#blocks;
  }

  #line(offset: number): string {
    const raw = this.#lines[this.#at + offset] ?? "";
    return raw.startsWith(">") || raw.startsWith(" >") ? raw.replace(quoteMark, "") : raw;
  }

  #step(): void {
    const line = this.#line(0);
    if (line.trim() === "" || fenceMark.test(line)) {
      this.#at += 1;
      return;
    }
    if (this.#heading(line)) return;
    const splitter = this.#tableHere(line);
    if (splitter !== null) this.#table(splitter);
    else this.#plain(line);
  }

  #push(block: Block): void {
    this.#blocks.push(block);
  }

  #heading(line: string): boolean {
    const marked = headingMark.exec(line.slice(0, textMax));
    const next = this.#line(1);
    const isUnderlined = /^\s{0,3}(={3,}|-{3,})\s*$/.test(next) && /^[^\s|].*$/.test(line);
    const isList = itemMark.test(line.slice(0, textMax));
    if (
      marked === null &&
      (!isUnderlined || hasBars(line) || isList || line.trim().includes("  "))
    ) {
      return false;
    }
    const level = marked?.[1]?.length ?? (next.includes("=") ? 1 : 2);
    const text = cleanInline(withoutClosing(marked?.[2] ?? line));
    this.#push({ kind: "heading", level, text, line: this.#at + 1 });
    this.#at += marked === null ? 2 : 1;
    return true;
  }

  /** How the rows that begin here are split; null when no table begins here. */
  #tableHere(line: string): Splitter | null {
    const next = this.#line(1);
    if (hasBars(line) && (hasBars(next) || isRuleLine(next))) return splitBars;
    if (isRuleLine(line) && hasBars(next)) return splitBars;
    if (line.includes("\t") && next.includes("\t") && /\S\t+\S/.test(line)) return splitTabs;
    if (itemMark.test(line.slice(0, textMax)) || isSetApart(line)) return null;
    const width = splitSpaces(line, 0).length;
    if (width < 2) return null;
    const below = isRuleLine(next) ? this.#line(2) : next;
    return splitSpaces(below, 0).length === width && !itemMark.test(below.slice(0, textMax))
      ? splitSpaces
      : null;
  }

  #belongs(line: string, splitter: Splitter): boolean {
    if (line.trim() === "") return false;
    if (isRuleLine(line)) return true;
    if (splitter === splitBars) return hasBars(line);
    if (splitter === splitTabs) return line.includes("\t");
    return splitSpaces(line, 0).length >= 2 && !headingMark.test(line.slice(0, textMax));
  }

  #table(splitter: Splitter): void {
    const start = this.#at;
    const rows: Cell[][] = [];
    for (; this.#at < this.#lines.length; this.#at++) {
      const line = this.#line(0);
      if (!this.#belongs(line, splitter)) break;
      if (!isRuleLine(line)) rows.push(splitter(line, this.#at + 1));
    }
    if (rows.length >= 2) this.#push({ kind: "table", rows, line: start + 1 });
    else for (const row of rows) this.#loneRow(row);
  }

  #loneRow(row: readonly Cell[]): void {
    const [first] = row;
    if (first === undefined) return;
    const text = row.map((cell) => cell.text).join(" | ");
    this.#push({ kind: "text", text, line: first.line });
  }

  /** A list item, or a paragraph whose lines are one text each. */
  #plain(line: string): void {
    const cut = line.slice(0, textMax);
    const item = itemMark.exec(cut);
    const ticked = splitTick((item?.[1] ?? cut).trim());
    const number = this.#at + 1;
    this.#at += 1;
    if (ticked !== null) {
      const { tick } = ticked;
      this.#push({ kind: "item", text: cleanInline(ticked.text), line: number, tick });
    } else if (item !== null) {
      this.#push({ kind: "item", text: cleanInline(item[1] ?? ""), line: number, tick: null });
    } else {
      this.#push({ kind: "text", text: cleanInline(cut), line: number });
    }
  }
}
