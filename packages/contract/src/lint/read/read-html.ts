import { type Block, columnsMax, textMax, type Tick } from "./block.ts";
import { cleanInline, decodeEntities } from "./clean-cell.ts";
import { splitTick } from "./tick.ts";
import type { Cell } from "../types.ts";

/** Elements whose content is no text of the report. */
const silent: ReadonlySet<string> = new Set(["style", "script", "template", "svg", "noscript"]);
const breaks: ReadonlySet<string> = new Set(
  "p div br li ul ol section article header footer main dt dd dl pre blockquote hr title summary details figure figcaption form label fieldset".split(
    " ",
  ),
);
const headingTag = /^h[1-6]$/;

/** Reads the text and the tables of a page, in one pass; it runs nothing and follows nothing. */
export function readHtml(text: string): Block[] {
  return new HtmlReader(text).read();
}

/** The JSON a page carries in `<script type="application/json">`, with the line it begins in. */
export interface EmbeddedJson {
  readonly text: string;
  readonly line: number;
}

class HtmlReader {
  readonly #text: string;
  readonly #blocks: Block[] = [];
  #at = 0;
  #line = 1;
  #buffer = "";
  #bufferLine = 1;
  #heading = 0;
  #isItem = false;
  #term = "";
  #isTerm = false;
  #tick: Tick | null = null;
  #rows: Cell[][] | null = null;
  #tableLine = 1;
  #inCell = false;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Block[] {
    while (this.#at < this.#text.length) {
      const open = this.#text.indexOf("<", this.#at);
      const end = open === -1 ? this.#text.length : open;
      this.#take(this.#text.slice(this.#at, end));
      this.#at = end;
      if (open !== -1) this.#tag();
    }
    this.#endTable();
    this.#flush();
    return this.#blocks;
  }

  #take(text: string): void {
    if (this.#buffer.trim() === "") this.#bufferLine = this.#line + leadingLines(text);
    if (this.#buffer.length < textMax) this.#buffer += text.slice(0, textMax);
    this.#line += countLines(text);
  }

  #tag(): void {
    const text = this.#text;
    if (text.startsWith("<!--", this.#at)) {
      this.#skipPast("-->");
      return;
    }
    const match = tagName.exec(text.slice(this.#at, this.#at + 40));
    if (match === null) {
      const isMarkup = text[this.#at + 1] === "!" || text[this.#at + 1] === "?";
      if (isMarkup) this.#skipPast(">");
      else {
        this.#take("<");
        this.#at += 1;
      }
      return;
    }
    const name = (match[2] ?? "").toLowerCase();
    const begin = this.#at;
    this.#skipPast(">");
    if (match[1] === "" && silent.has(name)) this.#skipElement(name);
    const attributes = text.slice(begin, Math.min(this.#at, begin + 300));
    if (match[1] === "/") this.#close(name);
    else this.#open(name, attributes);
  }

  /** Moves behind the next `mark`, or to the end, and counts the lines. */
  #skipPast(mark: string): void {
    const found = this.#text.indexOf(mark, this.#at);
    const end = found === -1 ? this.#text.length : found + mark.length;
    this.#line += countLines(this.#text.slice(this.#at, end));
    this.#at = end;
  }

  /** Moves to the end tag of an element that is not read; each `</` is looked at once. */
  #skipElement(name: string): void {
    for (;;) {
      this.#skipPast("</");
      const found = this.#text.slice(this.#at, this.#at + name.length).toLowerCase();
      if (found === name || this.#at >= this.#text.length) break;
    }
    this.#skipPast(">");
  }

  #open(name: string, attributes: string): void {
    if (name === "table") this.#startTable();
    else if (name === "tr") {
      this.#endCell();
      this.#rows?.push([]);
    } else if (name === "td" || name === "th") this.#startCell();
    else if (name === "input" && attributes.includes("checkbox")) {
      this.#tick = /\bchecked\b/.test(attributes) ? "done" : "open";
    } else if (headingTag.test(name)) {
      this.#flush();
      this.#heading = Number(name[1]);
    } else if (breaks.has(name)) this.#break(name);
    else if (name === "del" || name === "s" || name === "strike") this.#skipElement(name);
  }

  #break(name: string): void {
    if (this.#inCell) {
      this.#buffer += " ";
      return;
    }
    // `<dt>` without an end tag ends where its `<dd>` begins.
    if (name === "dd" && this.#isTerm) return this.#close("dt");
    if (name !== "label") this.#flush();
    if (name === "li") this.#isItem = true;
    this.#isTerm = name === "dt";
  }

  #close(name: string): void {
    if (name === "td" || name === "th" || name === "tr") this.#endCell();
    else if (name === "table") this.#endTable();
    else if (name === "dt" && !this.#inCell) {
      this.#term = cleanInline(decodeEntities(this.#buffer.replaceAll("\n", " ")));
      this.#buffer = "";
      this.#isTerm = false;
    } else if (headingTag.test(name) || (breaks.has(name) && name !== "label" && !this.#inCell)) {
      this.#flush();
    }
  }

  #startTable(): void {
    this.#endTable();
    this.#flush();
    this.#rows = [];
    this.#tableLine = this.#line;
  }

  #startCell(): void {
    this.#endCell();
    if (this.#rows === null) return;
    this.#buffer = "";
    this.#inCell = true;
    this.#bufferLine = this.#line;
  }

  #endCell(): void {
    if (!this.#inCell) return;
    this.#inCell = false;
    const text = htmlText(this.#buffer);
    const row = this.#rows?.at(-1);
    if (row !== undefined && row.length < columnsMax) row.push({ text, line: this.#bufferLine });
    this.#buffer = "";
  }

  #endTable(): void {
    this.#endCell();
    const rows = this.#rows?.filter((row) => row.length > 0) ?? [];
    this.#rows = null;
    if (rows.length > 0) this.#blocks.push({ kind: "table", rows, line: this.#tableLine });
    this.#buffer = "";
  }

  #flush(): void {
    const words = htmlText(this.#buffer);
    this.#buffer = "";
    if (words === "" || this.#rows !== null) return;
    const text = this.#term === "" ? words : `${this.#term}: ${words}`;
    const line = this.#bufferLine;
    if (this.#heading > 0) this.#blocks.push({ kind: "heading", level: this.#heading, text, line });
    else if (this.#isItem || this.#tick !== null || this.#term !== "") {
      const marked = this.#tick === null ? splitTick(text) : null;
      this.#blocks.push({ kind: "item", line, ...(marked ?? { text, tick: this.#tick }) });
    } else this.#blocks.push({ kind: "text", text, line });
    this.#heading = 0;
    this.#isItem = false;
    this.#tick = null;
    this.#term = "";
  }
}

const tagName = /^<(\/?)([a-zA-Z][a-zA-Z0-9-]{0,30})/;

function htmlText(raw: string): string {
  return decodeEntities(raw.slice(0, textMax)).replace(/\s+/g, " ").trim();
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}

function leadingLines(text: string): number {
  return countLines(text.slice(0, text.length - text.trimStart().length));
}

const jsonScript = '<script type="application/json"';

/** Data blocks of a page, in order; at most 16. */
export function embeddedJson(page: string): EmbeddedJson[] {
  const found: EmbeddedJson[] = [];
  let at = page.indexOf(jsonScript);
  while (at !== -1 && found.length < 16) {
    const begin = page.indexOf(">", at) + 1;
    const end = page.indexOf("</script", begin);
    if (begin === 0 || end === -1) break;
    found.push({ text: page.slice(begin, end), line: 1 + countLines(page.slice(0, begin)) });
    at = page.indexOf(jsonScript, end);
  }
  return found;
}
