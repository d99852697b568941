import { type Block, columnsMax, textMax } from "./block.ts";
import type { Cell } from "../types.ts";

/** Levels of nesting that are read; deeper values are left out. */
const depthMax = 64;

type Json =
  | {
      readonly kind: "object";
      readonly members: readonly (readonly [string, Json])[];
      readonly line: number;
    }
  | { readonly kind: "array"; readonly items: readonly Json[]; readonly line: number }
  | { readonly kind: "scalar"; readonly text: string; readonly line: number };

/** Reads a JSON text as tables and `key: value`; null when it is not JSON. */
export function readJson(text: string, firstLine = 1): Block[] | null {
  const parser = new JsonParser(text, firstLine);
  const value = parser.document();
  if (value === null) return null;
  const blocks: Block[] = [];
  writeValue(value, "", { depth: 1, blocks });
  return blocks;
}

class JsonParser {
  readonly #text: string;
  #at = 0;
  #line: number;

  constructor(text: string, firstLine: number) {
    this.#text = text;
    this.#line = firstLine;
  }

  document(): Json | null {
    const value = this.#value(0);
    this.#space();
    return value !== null && this.#at >= this.#text.length ? value : null;
  }

  #space(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === 10) this.#line += 1;
      else if (code !== 32 && code !== 9 && code !== 13) return;
    }
  }

  #value(depth: number): Json | null {
    this.#space();
    const sign = this.#text[this.#at];
    if (depth > depthMax) return null;
    if (sign === "{") return this.#object(depth);
    if (sign === "[") return this.#array(depth);
    const line = this.#line;
    if (sign === '"') {
      const text = this.#string();
      return text === null ? null : { kind: "scalar", text, line };
    }
    return this.#word(line);
  }

  #word(line: number): Json | null {
    const begin = this.#at;
    while (/[\w.+-]/.test(this.#text[this.#at] ?? "")) this.#at += 1;
    const text = this.#text.slice(begin, this.#at);
    const isWord = text === "true" || text === "false" || text === "null";
    if (!isWord && !/^-?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,5})?$/.test(text)) return null;
    return { kind: "scalar", text, line };
  }

  #string(): string | null {
    const begin = this.#at;
    for (this.#at += 1; this.#at < this.#text.length; this.#at++) {
      const sign = this.#text[this.#at];
      if (sign === "\n") return null;
      if (sign === "\\") this.#at += 1;
      else if (sign === '"') break;
    }
    this.#at += 1;
    return parseString(this.#text.slice(begin, this.#at));
  }

  #object(depth: number): Json | null {
    const line = this.#line;
    const members: (readonly [string, Json])[] = [];
    this.#at += 1;
    this.#space();
    if (this.#take("}")) return { kind: "object", members, line };
    for (;;) {
      this.#space();
      const key = this.#text[this.#at] === '"' ? this.#string() : null;
      this.#space();
      if (key === null || !this.#take(":")) return null;
      const value = this.#value(depth + 1);
      if (value === null) return null;
      members.push([key, value]);
      this.#space();
      if (this.#take("}")) return { kind: "object", members, line };
      if (!this.#take(",")) return null;
    }
  }

  #array(depth: number): Json | null {
    const line = this.#line;
    const items: Json[] = [];
    this.#at += 1;
    this.#space();
    if (this.#take("]")) return { kind: "array", items, line };
    for (;;) {
      const value = this.#value(depth + 1);
      if (value === null) return null;
      items.push(value);
      this.#space();
      if (this.#take("]")) return { kind: "array", items, line };
      if (!this.#take(",")) return null;
    }
  }

  #take(sign: string): boolean {
    if (this.#text[this.#at] !== sign) return false;
    this.#at += 1;
    return true;
  }
}

function parseString(quoted: string): string | null {
  try {
    const value: unknown = JSON.parse(quoted);
    return typeof value === "string" ? value : null;
  } catch {
    // A string that JSON refuses makes the whole text no JSON; the caller reads it as plain text.
    return null;
  }
}

/** `passRate`, `pass_rate` and `pass-rate` read `pass rate`. */
export function wordsOfKey(key: string): string {
  return key
    .slice(0, 200)
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/[_-]+/g, " ")
    .trim();
}

interface Writer {
  readonly depth: number;
  readonly blocks: Block[];
}

function writeValue(value: Json, title: string, to: Writer): void {
  if (value.kind === "scalar") {
    to.blocks.push({ kind: "text", text: value.text.slice(0, textMax), line: value.line });
  } else if (value.kind === "array") writeArray(value.items, title, to);
  else writeObject(value.members, to);
}

function writeObject(members: readonly (readonly [string, Json])[], to: Writer): void {
  for (const [key, value] of members) {
    const name = wordsOfKey(key);
    // A document inside of a string is a file that is carried along, not words of this one.
    if (value.kind === "scalar" && !/^\s*[{[]\s*["{[]/.test(value.text)) {
      const text = `${name}: ${value.text.slice(0, textMax)}`;
      to.blocks.push({ kind: "item", text, line: value.line, tick: null });
    }
  }
  for (const [key, value] of members) {
    if (value.kind === "scalar") continue;
    const text = wordsOfKey(key);
    to.blocks.push({ kind: "heading", level: to.depth, text, line: value.line });
    writeValue(value, text, { depth: to.depth + 1, blocks: to.blocks });
  }
}

/** Objects become the rows of one table; their nested values follow it. */
function writeArray(items: readonly Json[], title: string, to: Writer): void {
  const objects = items.filter((item) => item.kind === "object");
  if (objects.length < items.length || objects.length === 0) {
    for (const item of items) {
      if (item.kind === "scalar") {
        to.blocks.push({
          kind: "item",
          text: item.text.slice(0, textMax),
          line: item.line,
          tick: null,
        });
      } else {
        // The members of one object are no part of what the one before it counted.
        if (item.kind === "object") to.blocks.push(detailsOf(title, to.depth, item.line));
        writeValue(item, title, to);
      }
    }
    return;
  }
  const columns = [...new Set(objects.flatMap((one) => scalarKeys(one.members)))].slice(
    0,
    columnsMax,
  );
  if (columns.length > 0) {
    const head = columns.map((key) => ({ text: wordsOfKey(key), line: objects[0]?.line ?? 1 }));
    const rows = objects.map((one) => rowOf(one.members, columns, one.line));
    to.blocks.push({ kind: "table", rows: [head, ...rows], line: head[0]?.line ?? 1 });
  }
  for (const one of objects) {
    const nested = one.members.filter(([, value]) => value.kind !== "scalar");
    if (nested.length === 0) continue;
    to.blocks.push(detailsOf(title, to.depth, one.line));
    writeObject(nested, { depth: to.depth + 1, blocks: to.blocks });
  }
}

function detailsOf(title: string, level: number, line: number): Block {
  const text = `Details of ${title === "" ? "an entry" : title}`;
  return { kind: "heading", level, text, line };
}

function scalarKeys(members: readonly (readonly [string, Json])[]): string[] {
  return members.filter(([, value]) => value.kind === "scalar").map(([key]) => key);
}

function rowOf(
  members: readonly (readonly [string, Json])[],
  columns: readonly string[],
  line: number,
): Cell[] {
  const byKey = new Map(members);
  return columns.map((key) => {
    const value = byKey.get(key);
    const text = value?.kind === "scalar" ? value.text.slice(0, textMax) : "";
    return { text: text === "null" ? "" : text, line: value?.line ?? line };
  });
}
