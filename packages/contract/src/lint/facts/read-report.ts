import type { Block } from "../read/block.ts";
import type { Field, Grid, Report, Row, Section, Statement } from "../types.ts";
import { readAmounts } from "./amounts.ts";
import { type DecimalSign, decimalSign } from "./locale.ts";
import { type Pair, pairOf, piecesOf, readField, readName } from "./pieces.ts";
import { makeRow, readTable } from "./tables.ts";

/** Turns the blocks of a file into the facts that rules compare. */
export function readReport(blocks: readonly Block[], text: string): Report {
  const builder = new ReportBuilder(decimalSign(text));
  for (const block of blocks) builder.add(block);
  return { ...builder.finish(), lineCount: text.split("\n").length };
}

interface OpenList {
  readonly rows: Row[];
  readonly pairs: Field[];
  readonly line: number;
}

class ReportBuilder {
  readonly #sign: DecimalSign;
  readonly #grids: Grid[] = [];
  readonly #statements: Statement[] = [];
  #titles: string[] = [];
  #section: Section = { titles: [], line: 1 };
  #list: OpenList | null = null;
  #paragraph: { text: string; line: number }[] = [];

  constructor(sign: DecimalSign) {
    this.#sign = sign;
  }

  add(block: Block): void {
    if (block.kind === "text" && this.#list === null && pairOf(block.text) === null) {
      this.#addLine(block.text, block.line);
      return;
    }
    this.#endParagraph();
    if (block.kind === "heading") this.#heading(block.level, block.text, block.line);
    else if (block.kind === "table") this.#table(block);
    else this.#entry(block);
  }

  finish(): { grids: Grid[]; statements: Statement[] } {
    this.#endParagraph();
    this.#endList();
    return { grids: this.#grids, statements: this.#statements };
  }

  /** Lines of one paragraph are one text; a line far below the last one begins another. */
  #addLine(text: string, line: number): void {
    const last = this.#paragraph.at(-1);
    if (last !== undefined && line > last.line + 1) this.#endParagraph();
    this.#paragraph.push({ text, line });
    if (this.#paragraph.length >= 64) this.#endParagraph();
  }

  #endParagraph(): void {
    const lines = this.#paragraph;
    this.#paragraph = [];
    if (lines.length > 0) this.#sentences(lines);
  }

  #heading(level: number, text: string, line: number): void {
    this.#endList();
    this.#titles = [...this.#titles.slice(0, level - 1), text];
    this.#section = { titles: this.#titles.filter((one) => one !== undefined), line };
    this.#state("heading", text, line, null);
  }

  #table(block: Block & { kind: "table" }): void {
    this.#endList();
    const rows = readTable(block.rows, this.#sign);
    if (rows.length > 0) this.#grid(rows, block.line);
  }

  #grid(rows: readonly Row[], line: number): void {
    this.#grids.push({ rows, section: this.#section, line });
  }

  #entry(block: Block & { kind: "item" | "text" }): void {
    const { text, line } = block;
    const tick = block.kind === "item" ? block.tick : null;
    const isNear = this.#list === null || this.#list.pairs.length + this.#list.rows.length < 2_000;
    if (!isNear || (block.kind === "text" && pairOf(text) === null)) this.#endList();
    const pair = pairOf(text);
    if (pair !== null && tick === null) this.#pair(pair, text, line);
    else this.#prose(text, line);
    this.#state(block.kind, text, line, tick);
  }

  /**
   * `API: 20 tests, 19 passed` is a row of a list, and so is `Passed: 19, Failed: 1`, of no name;
   * `Passed: 19` is one field of its one row.
   */
  #pair({ key, value }: Pair, text: string, line: number): void {
    this.#list ??= { rows: [], pairs: [], line };
    const fields = piecesOf(value, line, this.#sign);
    const all = piecesOf(text, line, this.#sign);
    if (all.length > fields.length) this.#list.rows.push(makeRow("", line, all));
    else if (fields.length >= 2) this.#list.rows.push(makeRow(key, line, fields));
    else this.#list.pairs.push(readField(readName(key), { text: value, line }, this.#sign));
  }

  #endList(): void {
    const list = this.#list;
    this.#list = null;
    if (list === null) return;
    if (list.rows.length > 0) this.#grid(list.rows, list.line);
    if (list.pairs.length > 0) this.#grid([makeRow("", list.line, list.pairs)], list.line);
  }

  #prose(text: string, line: number): void {
    const fields = piecesOf(text, line, this.#sign);
    if (fields.length >= 2) this.#grid([makeRow("", line, fields)], line);
  }

  #sentences(lines: readonly { text: string; line: number }[]): void {
    const whole = lines.map((one) => one.text).join(" ");
    const starts: { at: number; line: number }[] = [];
    let at = 0;
    for (const one of lines) {
      starts.push({ at, line: one.line });
      at += one.text.length + 1;
    }
    let from = 0;
    for (const part of whole.split(/(?<=[.!?])\s+(?=["'(]?[A-Z0-9\u00c0-\u00de])/)) {
      const found = whole.indexOf(part, from);
      from = found + part.length;
      const line = starts.findLast((one) => one.at <= found)?.line ?? lines[0]?.line ?? 1;
      this.#prose(part, line);
      this.#state("text", part, line, null);
    }
  }

  #state(kind: Statement["kind"], text: string, line: number, tick: Statement["tick"]): void {
    const amounts = readAmounts(text, { line, sign: this.#sign });
    this.#statements.push({ kind, text, line, section: this.#section, tick, amounts });
  }
}
