import type { ForeignFile, ForeignRun } from "./foreign.ts";
import { keysSeen, parseFile, refuseFile } from "./json.ts";
import { isK6Summary, readK6Summary } from "./k6-summary.ts";
import { locustTableOf, readLocustCsv } from "./locust-csv.ts";
import { isLocustJson, readLocustJson } from "./locust-json.ts";

/** Largest file of another tool that is read, in characters. */
export const foreignCharsMax = 64 * 1024 * 1024;

/**
 * Reads the result files of one k6 or Locust run, told apart by their shape, not their names. Of
 * Locust the JSON wins over the CSV files, which lag. @throws LL_LOAD_IMPORT_FORMAT with the keys
 * seen.
 */
export function readForeign(files: readonly ForeignFile[]): ForeignRun {
  const tables = files.filter((file) => checked(file) && locustTableOf(file.text) !== null);
  const wholes = files.filter((file) => !tables.includes(file)).map(readWhole);
  const [first, second] = wholes;
  const last = files.at(-1) ?? { name: "nothing" };
  if (second !== undefined) throw refuseFile(last, "more than one summary was given");
  if (first === undefined) {
    if (tables.length === 0) throw refuseFile(last, "no file was given");
    return readLocustCsv(tables);
  }
  if (tables.length === 0) return first;
  if (first.tool !== "locust") throw refuseFile(last, "results of two tools were given");
  return withTables(first, readLocustCsv(tables));
}

function checked(file: ForeignFile): true {
  if (file.text.length > foreignCharsMax) throw refuseFile(file, "over 64 Mi characters");
  return true;
}

function readWhole(file: ForeignFile): ForeignRun {
  const json = /^\s*[[{]/.test(file.text) ? file : withoutLog(file);
  const value = parseFile(json);
  if (isK6Summary(value)) return readK6Summary(file, value);
  if (isLocustJson(value)) return readLocustJson(file, value);
  throw refuseFile(file, `neither a summary of k6 nor statistics of Locust; ${keysSeen(value)}`);
}

/** Locust prints its JSON after whatever the script printed: from the first line that opens it. */
function withoutLog(file: ForeignFile): ForeignFile {
  const start = /^[[{]\s*$/m.exec(file.text)?.index;
  return start === undefined ? file : { ...file, text: file.text.slice(start) };
}

/** Counts of the JSON, failures by text of the CSV files. */
function withTables(json: ForeignRun, csv: ForeignRun): ForeignRun {
  const [all, held] = [json, csv].map((run) => run.metrics.get("http_reqs")?.count ?? null);
  const lags = all !== null && held !== null && held !== undefined && all !== held;
  const note = `The CSV files hold ${held} requests, the JSON ${all}: the JSON counts.`;
  return { ...json, failures: csv.failures, notes: lags ? [...json.notes, note] : json.notes };
}
