import { isUtf8 } from "node:buffer";
import { readFile, stat } from "node:fs/promises";
import { isRecord } from "@loadline/kit/json";
import { loadErrors } from "../../errors.ts";
import { readCsv } from "./csv.ts";
import { feedInvalid, type FeedTable, TableBuilder } from "./table.ts";

/** Largest file of a feeder. */
export const feedBytesMax = 256 * 1024 * 1024;
const columnsMax = 1000;

/** Forms a feeder's file may have. */
export const feedForms = ["csv", "jsonl", "json"] as const;
export type FeedForm = (typeof feedForms)[number];

/** A feeder's file. */
export interface FeedFile {
  readonly form: FeedForm;
  readonly path: string;
  /** As written in the plan, for messages and evidence. */
  readonly shown: string;
  readonly secret: readonly string[];
  /** Default 256 MiB. */
  readonly bytesMax?: number;
}

/** Reads a feeder's file once, whole. Rejects with LL_LOAD_FEED_INVALID, with file and line. */
export async function readFeed(feed: FeedFile): Promise<FeedTable> {
  const text = await readFeedText(feed);
  return readers[feed.form](feed, text);
}

/** Text of a feeder file: within its size, UTF-8, without byte order mark. Rejects as `readFeed`. */
export async function readFeedText(feed: Omit<FeedFile, "form" | "secret">): Promise<string> {
  const bytesMax = feed.bytesMax ?? feedBytesMax;
  let bytes: Buffer;
  try {
    const { size } = await stat(feed.path);
    if (size > bytesMax) throw feedInvalid(feed.shown, 1, `${size} bytes, at most ${bytesMax}`);
    bytes = await readFile(feed.path);
  } catch (cause) {
    if (cause instanceof Error && !("syscall" in cause)) throw cause;
    const why = cause instanceof Error ? cause.message.split(",")[0] : String(cause);
    throw loadErrors.make("LL_LOAD_FEED_INVALID", `${feed.shown}: ${why}.`, { cause });
  }
  if (!isUtf8(bytes)) throw feedInvalid(feed.shown, lineNotUtf8(bytes), "not UTF-8");
  const text = bytes.toString("utf8");
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}

/** A line end is one byte that no other character of UTF-8 contains. */
function lineNotUtf8(bytes: Buffer): number {
  let line = 1;
  for (let at = 0; at < bytes.length; line++) {
    const next = bytes.indexOf(10, at);
    const end = next === -1 ? bytes.length : next;
    if (!isUtf8(bytes.subarray(at, end))) return line;
    at = end + 1;
  }
  return line;
}

const readers: Readonly<Record<FeedForm, (feed: FeedFile, text: string) => FeedTable>> = {
  csv: fromCsv,
  jsonl: fromJsonLines,
  json: fromJsonArray,
};

function fromCsv(feed: FeedFile, text: string): FeedTable {
  let builder: TableBuilder | null = null;
  let width = 0;
  readCsv(feed.shown, text, (fields, line) => {
    if (builder === null) {
      width = fields.length;
      builder = new TableBuilder(feed.shown, headerOf(feed, fields), feed.secret);
      return;
    }
    if (fields.length !== width) {
      throw feedInvalid(feed.shown, line, `${fields.length} fields where the header has ${width}`);
    }
    builder.add(fields, line);
  });
  return ended(feed, builder);
}

function ended(feed: FeedFile, builder: TableBuilder | null): FeedTable {
  if (builder === null) throw feedInvalid(feed.shown, 1, "is empty");
  return builder.end();
}

function headerOf(feed: FeedFile, columns: readonly string[]): readonly string[] {
  const twice = columns.find((column, i) => columns.indexOf(column) !== i);
  if (twice !== undefined) throw feedInvalid(feed.shown, 1, `the column "${twice}" is named twice`);
  if (columns.some((column) => column.trim() === "")) {
    throw feedInvalid(feed.shown, 1, "a column of the header has no name");
  }
  if (columns.length > columnsMax) {
    throw feedInvalid(feed.shown, 1, `${columns.length} columns, at most ${columnsMax}`);
  }
  return columns;
}

function fromJsonLines(feed: FeedFile, text: string): FeedTable {
  const rows = new ObjectRows(feed);
  let line = 0;
  for (let at = 0; at < text.length;) {
    const next = text.indexOf("\n", at);
    const end = next === -1 ? text.length : next;
    line++;
    const one = text.slice(at, end).trim();
    at = end + 1;
    if (one !== "") rows.add(parsed(feed, one, line), line);
    else if (/\S/.test(text.slice(at))) throw feedInvalid(feed.shown, line, "an empty line");
    else break;
  }
  return rows.end();
}

function fromJsonArray(feed: FeedFile, text: string): FeedTable {
  const value = parsed(feed, text, 1);
  if (!Array.isArray(value)) throw feedInvalid(feed.shown, 1, "is not a list");
  const rows = new ObjectRows(feed);
  // The parser keeps no lines: an item is named by its number.
  value.forEach((item: unknown, i) => rows.add(item, 1, `item ${i}: `));
  return rows.end();
}

function parsed(feed: FeedFile, text: string, line: number): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    // The parser's own message quotes the text, which may hold a secret.
    throw feedInvalid(feed.shown, line + lineOfFault(text), "not JSON");
  }
}

/** Lines before the first character that no JSON text could have there. */
function lineOfFault(text: string): number {
  let good = 0;
  let bad = text.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (mayGoOn(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return text.slice(0, good).split("\n").length - 1;
}

/** Whether the text is JSON, or fails only because it ends too early. */
function mayGoOn(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    const position = /at position (\d+)/.exec(message)?.[1];
    return /end of JSON input|Unterminated/.test(message) || Number(position) === text.length;
  }
}

/** Rows given as objects: all have the keys of the first. */
class ObjectRows {
  readonly #feed: FeedFile;
  #columns: readonly string[] = [];
  #builder: TableBuilder | null = null;

  constructor(feed: FeedFile) {
    this.#feed = feed;
  }

  add(value: unknown, line: number, prefix = ""): void {
    const { shown, secret } = this.#feed;
    if (!isRecord(value)) throw feedInvalid(shown, line, `${prefix}not an object`);
    if (this.#builder === null) {
      this.#columns = headerOf(this.#feed, Object.keys(value));
      this.#builder = new TableBuilder(shown, this.#columns, secret);
    }
    const absent = this.#columns.find((column) => !Object.hasOwn(value, column));
    if (absent !== undefined) throw feedInvalid(shown, line, `${prefix}"${absent}" is missing`);
    const more = Object.keys(value).find((key) => !this.#columns.includes(key));
    if (more !== undefined) {
      throw feedInvalid(shown, line, `${prefix}"${more}" is not in the first row`);
    }
    this.#builder.add(
      this.#columns.map((column) => value[column]),
      line,
    );
  }

  end(): FeedTable {
    return ended(this.#feed, this.#builder);
  }
}
