import { formatDuration } from "@loadline/contract";
import { type ForeignFile, foreignMetric, type ForeignRun } from "./foreign.ts";
import { keysSeen, parseFile, refuseFile } from "./json.ts";
import { isK6Summary, readK6Summary } from "./k6-summary.ts";
import { locustTableOf, readLocustCsv } from "./locust-csv.ts";
import { isLocustJson, readLocustJson } from "./locust-json.ts";
import { type ExportedResult, readResults, resultWord } from "./results.ts";

/** Largest file of another tool that is read, in characters. */
export const foreignCharsMax = 64 * 1024 * 1024;

/**
 * Reads the result files of one k6 or Locust run, told apart by their shape, not their names. Of
 * Locust the JSON wins over the CSV files, which lag. @throws LL_LOAD_IMPORT_FORMAT with the keys
 * seen.
 */
export function readForeign(files: readonly ForeignFile[]): ForeignRun {
  const tables = files.filter((file) => checked(file) && locustTableOf(file.text) !== null);
  const rest = files.filter((file) => !tables.includes(file));
  // Logs of several pods are one run, whose counts add up.
  const logs = rest.filter(({ text }) => text.includes(resultWord));
  const [log] = logs;
  const joined =
    log === undefined ? [] : [{ ...log, text: logs.map(({ text }) => text).join("\n") }];
  const wholes = [...joined, ...rest.filter((file) => !logs.includes(file))].map(readWhole);
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
  const exact = readResults(file.text);
  if (typeof exact === "string") throw refuseFile(file, exact);
  if (exact !== null) return exportedRun(exact);
  const json = /^\s*[[{]/.test(file.text) ? file : withoutLog(file);
  const value = parseFile(json);
  if (isK6Summary(value)) return readK6Summary(file, value);
  if (isLocustJson(value)) return readLocustJson(file, value);
  throw refuseFile(file, `neither a summary of k6 nor statistics of Locust; ${keysSeen(value)}`);
}

/** What an exported script counted itself: no percentiles, nothing to round. */
function exportedRun(exact: ExportedResult): ForeignRun {
  const counts = Object.values(exact.ok);
  const n = counts.reduce((sum, one) => sum + one.n, 0);
  const bad = n - counts.reduce((sum, one) => sum + one.ok, 0);
  const failed = foreignMetric({
    selector: "http_req_failed",
    kind: "rate",
    count: n,
    trues: bad,
    figures: n > 0 ? { rate: bad / n } : {},
  });
  const requests = foreignMetric({
    selector: "http_reqs",
    kind: "counter",
    count: exact.requests,
    figures: { count: exact.requests },
  });
  const lag = exact.lagP99Ms === null ? "unknown" : formatDuration(exact.lagP99Ms);
  return {
    tool: "k6",
    format: "k6-exported-script",
    version: null,
    measuredAt: null,
    metrics: new Map([failed, requests].map((metric) => [metric.selector, metric])),
    thresholds: [],
    failures: [],
    exact,
    notes: [`Iterations of k6 began late by ${lag} at p99; its clock has whole milliseconds.`],
  };
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
