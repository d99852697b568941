import { createHash } from "node:crypto";
import { loadErrors } from "../../errors.ts";

/** A value of a row: text from CSV, any JSON value from the other forms. */
export type FeedRow = Readonly<Record<string, unknown>>;

/**
 * Rows read once and shared: the memory is the same in every worker thread. Each row is a JSON list
 * of its values in the order of the columns.
 */
export interface FeedTable {
  readonly columns: readonly string[];
  readonly rows: number;
  /** UTF-8. */
  readonly data: SharedArrayBuffer;
  /** Uint32, one more than there are rows. */
  readonly offsets: SharedArrayBuffer;
  /** Columns whose values reach no sample, log or evidence. */
  readonly secret: readonly string[];
  /** SHA-256, hex, of every column that is not secret. */
  readonly digest: string;
}

/** Most bytes of one feeder in memory. */
const tableBytesMax = 1024 * 1024 * 1024;
const blockBytes = 1024 * 1024;

/** Refuses a feeder: what is wrong, in which file, on which line. */
export function feedInvalid(file: string, line: number, what: string): Error {
  return loadErrors.make("LL_LOAD_FEED_INVALID", `${file}:${line}: ${what}.`);
}

/** Takes rows one by one and ends as a table. Throws LL_LOAD_FEED_INVALID. */
export class TableBuilder {
  readonly #file: string;
  readonly #columns: readonly string[];
  readonly #secret: ReadonlySet<number>;
  readonly #secretNames: readonly string[];
  readonly #digest = createHash("sha256");
  readonly #blocks: Buffer[] = [];
  readonly #ends: number[] = [0];
  #block = Buffer.allocUnsafe(blockBytes);
  #used = 0;
  #bytes = 0;

  constructor(file: string, columns: readonly string[], secret: readonly string[]) {
    this.#file = file;
    this.#columns = columns;
    this.#secretNames = secret;
    const absent = secret.find((column) => !columns.includes(column));
    if (absent !== undefined) {
      throw feedInvalid(file, 1, `the secret column "${absent}" is not there`);
    }
    this.#secret = new Set(secret.map((column) => columns.indexOf(column)));
    this.#digest.update(JSON.stringify(columns));
  }

  add(values: readonly unknown[], line: number): void {
    const text = JSON.stringify(values);
    this.#digest.update(this.#secret.size === 0 ? text : this.#open(values));
    const bytes = Buffer.byteLength(text);
    if (this.#bytes + bytes > tableBytesMax) {
      throw feedInvalid(this.#file, line, `more than ${tableBytesMax} bytes in memory`);
    }
    if (this.#used + bytes > this.#block.length) this.#next(bytes);
    this.#used += this.#block.write(text, this.#used);
    this.#bytes += bytes;
    this.#ends.push(this.#bytes);
  }

  end(): FeedTable {
    const rows = this.#ends.length - 1;
    if (rows === 0) throw feedInvalid(this.#file, 1, "has no rows");
    this.#next(0);
    const data = new SharedArrayBuffer(Math.max(1, this.#bytes));
    const target = new Uint8Array(data);
    let at = 0;
    for (const block of this.#blocks) {
      target.set(block, at);
      at += block.length;
    }
    const offsets = new SharedArrayBuffer(4 * this.#ends.length);
    new Uint32Array(offsets).set(this.#ends);
    const digest = this.#digest.digest("hex");
    return { columns: this.#columns, rows, data, offsets, secret: this.#secretNames, digest };
  }

  #open(values: readonly unknown[]): string {
    return JSON.stringify(values.map((value, i) => (this.#secret.has(i) ? null : value)));
  }

  #next(bytes: number): void {
    this.#blocks.push(this.#block.subarray(0, this.#used));
    this.#block = Buffer.allocUnsafe(Math.max(blockBytes, bytes));
    this.#used = 0;
  }
}

/** Reads rows of a table; one per thread. */
export class TableReader {
  readonly table: FeedTable;
  readonly #data: Buffer;
  readonly #offsets: Uint32Array;

  constructor(table: FeedTable) {
    this.table = table;
    this.#data = Buffer.from(table.data);
    this.#offsets = new Uint32Array(table.offsets);
  }

  row(at: number): FeedRow {
    const text = this.#data.toString("utf8", this.#offsets[at] ?? 0, this.#offsets[at + 1] ?? 0);
    const values: unknown = JSON.parse(text);
    const row: Record<string, unknown> = {};
    if (!Array.isArray(values)) return row;
    const { columns } = this.table;
    for (let i = 0; i < columns.length; i++) row[columns[i] ?? ""] = values[i];
    return row;
  }

  /** Values of the secret columns of a row, as texts. */
  secretsOf(row: FeedRow): string[] {
    return this.table.secret.map((column) => textOf(row[column])).filter((text) => text !== "");
  }
}

/** A value as it stands in a path, a header or a prompt. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}
