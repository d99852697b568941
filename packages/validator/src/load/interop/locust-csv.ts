import { readCsv } from "./csv.ts";
import {
  type ForeignFile,
  type ForeignMetric,
  foreignMetric,
  type ForeignRun,
  withTags,
} from "./foreign.ts";
import { refuseFile, wholeOf } from "./json.ts";
import { withSense } from "./sense.ts";

type Row = Readonly<Record<string, string>>;
export type LocustTable = "stats" | "history" | "failures" | "exceptions";

/** Columns that only one of Locust's four files has. */
const marks: Readonly<Record<LocustTable, readonly string[]>> = {
  stats: ["Type", "Name", "Request Count", "Failure Count"],
  history: ["Timestamp", "User Count", "Total Request Count", "Total Failure Count"],
  failures: ["Method", "Name", "Error", "Occurrences"],
  exceptions: ["Count", "Message", "Traceback"],
};
const tables = ["stats", "history", "failures", "exceptions"] as const;
const aggregated = "Aggregated";

/** Which of Locust's CSV files a text is, by its columns; null for none. */
export function locustTableOf(text: string): LocustTable | null {
  const { columns } = readCsv(text.split("\n", 1)[0] ?? "");
  return tables.find((table) => marks[table].every((name) => columns.includes(name))) ?? null;
}

/** Reads Locust's CSV files together. @throws LL_LOAD_IMPORT_FORMAT */
export function readLocustCsv(files: readonly ForeignFile[]): ForeignRun {
  const of = (table: LocustTable): readonly Row[] =>
    files.filter(({ text }) => locustTableOf(text) === table).flatMap(rowsOf);
  const history = historyOf(of("history"));
  const stats = of("stats");
  const rows = stats.length > 0 ? stats : history.totals;
  const metrics = new Map<string, ForeignMetric>();
  const doubts: string[] = [];
  for (const { metric, doubt } of rows.flatMap((row) => metricsOf(row, files)).map(withSense)) {
    metrics.set(metric.selector, metric);
    if (doubt !== null) doubts.push(doubt);
  }
  addSeconds(metrics, history.seconds);
  const exceptions = of("exceptions").map((row) => failureOf(row["Message"], row["Count"]));
  const notes = [
    "Locust writes its CSV files once a second: the last requests may be missing; its --json has them.",
    "Percentiles are rounded to two digits: counts over a limit are ranges.",
    ...doubts,
  ];
  if (stats.length === 0) {
    notes.push("Percentiles of the history are of its last seconds, not of the run: not used.");
  }
  if (exceptions.length > 0) notes.push("The script itself threw exceptions; see the failures.");
  return {
    tool: "locust",
    format: "locust-csv",
    version: null,
    measuredAt: history.lastAt,
    metrics,
    thresholds: [],
    failures: [
      ...of("failures").map((row) => failureOf(row["Error"], row["Occurrences"])),
      ...exceptions,
    ],
    notes,
  };
}

function rowsOf(file: ForeignFile): Row[] {
  return readCsv(file.text).rows.map((row, i) => {
    if (row === null) throw refuseFile(file, `line ${i + 2} has another number of columns`);
    return row;
  });
}

const failureOf = (text: string | undefined, count: string | undefined) => ({
  text: text ?? "",
  count: numberOf(count) ?? 0,
});

/** A cell as a number; null for `N/A`, empty and anything else. */
function numberOf(cell: string | undefined): number | null {
  if (cell === undefined || cell.trim() === "") return null;
  const value = Number(cell);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

function metricsOf(row: Row, files: readonly ForeignFile[]): ForeignMetric[] {
  const count = wholeOf(numberOf(row["Request Count"]));
  const failed = wholeOf(numberOf(row["Failure Count"]));
  const name = row["Name"] ?? "";
  if (count === null || failed === null || failed > count) {
    throw refuseFile(files[0] ?? { name: "CSV" }, `the row of ${name} has no fitting counts`);
  }
  const type = row["Type"] ?? "";
  const tags = name === aggregated ? "" : `name:${name}${type === "" ? "" : `,method:${type}`}`;
  const trend = foreignMetric({
    selector: withTags("http_req_duration", tags),
    kind: "trend",
    count,
    figures: count === 0 ? {} : figuresOf(row),
    isTime: true,
    rounding: "two-digits",
  });
  const rate = foreignMetric({
    selector: withTags("http_req_failed", tags),
    kind: "rate",
    count,
    trues: failed,
    figures: count === 0 ? {} : { rate: failed / count },
  });
  const reqs = foreignMetric({
    selector: withTags("http_reqs", tags),
    kind: "counter",
    count,
    figures: { count },
  });
  return [trend, rate, reqs];
}

function figuresOf(row: Row): Record<string, number> {
  const figures: Record<string, number> = {};
  const put = (key: string, cell: string | undefined): void => {
    const value = numberOf(cell);
    if (value !== null) figures[key] = value;
  };
  put("min", row["Min Response Time"]);
  put("max", row["Max Response Time"]);
  put("avg", row["Average Response Time"]);
  for (const [column, cell] of Object.entries(row)) {
    const percent = /^(\d+(?:\.\d+)?)%$/.exec(column)?.[1];
    if (percent !== undefined && percent !== "100") put(`p(${percent})`, cell);
  }
  if (figures["p(50)"] !== undefined) figures["med"] = figures["p(50)"];
  return figures;
}

interface History {
  readonly totals: readonly Row[];
  readonly seconds: readonly (readonly [number, number])[];
  readonly lastAt: string | null;
}

/** Totals of the last row of each name, and what each row added to the whole. */
function historyOf(rows: readonly Row[]): History {
  const last = new Map<string, Row>();
  const seconds: (readonly [number, number])[] = [];
  let [requests, failures] = [0, 0];
  for (const row of rows) {
    const name = row["Name"] ?? "";
    last.set(`${row["Type"] ?? ""} ${name}`, row);
    if (name !== aggregated) continue;
    const n = numberOf(row["Total Request Count"]) ?? requests;
    const bad = numberOf(row["Total Failure Count"]) ?? failures;
    if (n > requests) seconds.push([n - requests, Math.max(0, bad - failures)]);
    [requests, failures] = [n, bad];
  }
  const at = numberOf(rows.at(-1)?.["Timestamp"]);
  return {
    totals: [...last.values()].map(totalRow),
    seconds,
    lastAt: at === null ? null : new Date(at * 1000).toISOString(),
  };
}

const totalRow = (row: Row): Row => ({
  Type: row["Type"] ?? "",
  Name: row["Name"] ?? "",
  "Request Count": row["Total Request Count"] ?? "",
  "Failure Count": row["Total Failure Count"] ?? "",
  "Min Response Time": row["Total Min Response Time"] ?? "",
  "Max Response Time": row["Total Max Response Time"] ?? "",
  "Average Response Time": row["Total Average Response Time"] ?? "",
});

/** The history's seconds belong to the whole only when they add up to it. */
function addSeconds(metrics: Map<string, ForeignMetric>, seconds: History["seconds"]): void {
  const whole = metrics.get("http_req_failed");
  const n = seconds.reduce((sum, [count]) => sum + count, 0);
  const bad = seconds.reduce((sum, [, count]) => sum + count, 0);
  if (whole === undefined || seconds.length === 0) return;
  if (n !== whole.count || bad !== whole.trues) return;
  if (seconds.some(([count, failed]) => failed > count)) return;
  metrics.set("http_req_failed", { ...whole, perSecond: seconds });
}
