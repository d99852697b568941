import { isRecord, type JsonRecord } from "@loadline/kit/json";
import {
  type ForeignFile,
  type ForeignMetric,
  type ForeignRun,
  type ForeignThreshold,
  foreignMetric,
  splitSelector,
} from "./foreign.ts";
import { countOf, isNumber, isText, keysSeen, refuseFile } from "./json.ts";
import { countFault, withSense } from "./sense.ts";

/** Trends of k6 itself that are times; custom ones say so in the newer shapes only. */
const timePattern = /^(http_req_|iteration_duration$|group_duration$|ws_|grpc_req_duration$|ll_)/;

interface Shape {
  readonly format: "k6-summary-export" | "k6-handle-summary" | "k6-machine-readable";
  readonly version: string | null;
  readonly measuredAt: string | null;
  readonly rows: readonly Row[];
}

interface Row {
  readonly selector: string;
  readonly type: unknown;
  readonly contains: unknown;
  readonly values: JsonRecord;
  readonly thresholds: unknown;
}

/** Whether parsed JSON is one of k6's three summaries. */
export function isK6Summary(value: unknown): value is JsonRecord {
  return isRecord(value) && (isRecord(value["metrics"]) || isRecord(value["results"]));
}

/** Reads a k6 summary of any of the three shapes. @throws LL_LOAD_IMPORT_FORMAT */
export function readK6Summary(file: ForeignFile, value: JsonRecord): ForeignRun {
  const shape = shapeOf(file, value);
  const metrics = new Map<string, ForeignMetric>();
  const thresholds: ForeignThreshold[] = [];
  const doubts: string[] = [];
  for (const row of shape.rows) {
    const { metric, doubt } = withSense(metricOf(file, row));
    if (doubt !== null) doubts.push(doubt);
    metrics.set(row.selector, metric);
    thresholds.push(...thresholdsOf(row));
  }
  const { format, version, measuredAt } = shape;
  const notes = [...notesOf(format, metrics), ...doubts];
  return { tool: "k6", format, version, measuredAt, metrics, thresholds, failures: [], notes };
}

function shapeOf(file: ForeignFile, value: JsonRecord): Shape {
  if (isRecord(value["results"])) return machineShape(file, value, value["results"]);
  const { metrics } = value as Readonly<Record<"metrics", unknown>>;
  if (!isRecord(metrics)) throw refuseFile(file, `no metrics; ${keysSeen(value)}`);
  const entries = Object.entries(metrics);
  const isHandled = entries.some(([, one]) => isRecord(one) && isRecord(one["values"]));
  const rows = entries.map(([selector, one]) => {
    if (!isRecord(one)) throw refuseFile(file, `metric ${selector} is ${keysSeen(one)}`);
    const values = isHandled ? one["values"] : one;
    if (!isRecord(values)) throw refuseFile(file, `metric ${selector} has no values`);
    const { type, contains, thresholds } = one as Readonly<Record<string, unknown>>;
    return { selector, type, contains, values, thresholds };
  });
  const format = isHandled ? "k6-handle-summary" : "k6-summary-export";
  return { format, version: null, measuredAt: null, rows };
}

/** Written `k6_version` and `p90` by 2.2, also found as `k6Version` and `p(90)`. */
function machineShape(file: ForeignFile, value: JsonRecord, results: JsonRecord): Shape {
  const list = results["metrics"];
  if (!Array.isArray(list)) throw refuseFile(file, `no results.metrics; ${keysSeen(results)}`);
  const rows = list.map((one: unknown, i): Row => {
    if (!isRecord(one) || !isText(one["name"]) || !isRecord(one["values"])) {
      throw refuseFile(file, `results.metrics[${i}] is ${keysSeen(one)}`);
    }
    const { type, contains } = one as Readonly<Record<string, unknown>>;
    return { selector: one["name"], type, contains, values: one["values"], thresholds: null };
  });
  const metadata = isRecord(value["metadata"]) ? value["metadata"] : {};
  const version = metadata["k6_version"] ?? metadata["k6Version"];
  const at = metadata["generated_at"] ?? metadata["generatedAt"];
  return {
    format: "k6-machine-readable",
    version: isText(version) ? version : null,
    measuredAt: isText(at) && !Number.isNaN(Date.parse(at)) ? new Date(at).toISOString() : null,
    rows,
  };
}

function metricOf(file: ForeignFile, row: Row): ForeignMetric {
  const { selector, values } = row;
  const kind = kindOf(row);
  if (kind === null) {
    throw refuseFile(file, `metric ${selector} is of no known type; ${keysSeen(values)}`);
  }
  const { name } = splitSelector(selector);
  const isTime = row.contains === undefined ? timePattern.test(name) : row.contains === "time";
  const counts =
    kind === "rate"
      ? rateCounts(values)
      : { count: kind === "gauge" ? null : countOf(values["count"]) };
  const metric = foreignMetric({ selector, kind, figures: figuresOf(values), isTime, ...counts });
  const wrong = countFault(metric);
  if (wrong !== null) throw refuseFile(file, `metric ${selector} ${wrong}`);
  return metric;
}

/** The oldest shape has no types: its keys tell them. */
function kindOf({ type, values }: Row): ForeignMetric["kind"] | null {
  const named = (["trend", "rate", "counter", "gauge"] as const).find((kind) => kind === type);
  if (named !== undefined) return named;
  if ("passes" in values || "matches" in values) return "rate";
  const isTrend = Object.keys(values).some((key) => /^(avg|med|p\(?\d)/.test(key));
  if (isTrend) return "trend";
  if ("value" in values) return "gauge";
  return "count" in values ? "counter" : null;
}

/** `passes` and `matches` are the true ones: of `http_req_failed` those that failed. */
function rateCounts(values: JsonRecord): Pick<ForeignMetric, "count" | "trues"> {
  const trues = countOf(values["passes"] ?? values["matches"]);
  const falses = countOf(values["fails"]);
  const total =
    countOf(values["total"]) ?? (trues === null || falses === null ? null : trues + falses);
  return { count: total, trues };
}

function figuresOf(values: JsonRecord): Record<string, number> {
  const figures: Record<string, number> = {};
  for (const [key, value] of Object.entries(values)) {
    if (!isNumber(value)) continue;
    const percentile = /^p(\d+(?:[._]\d+)?)$/.exec(key)?.[1]?.replace("_", ".");
    figures[percentile === undefined ? key : `p(${percentile})`] = value;
  }
  return figures;
}

/** `true` of the oldest shape means crossed; `ok: true` of handleSummary means kept. */
function thresholdsOf({ selector, thresholds }: Row): ForeignThreshold[] {
  if (!isRecord(thresholds)) return [];
  return Object.entries(thresholds).flatMap(([expression, said]) => {
    if (typeof said === "boolean") return [{ selector, expression, crossed: said }];
    if (isRecord(said) && typeof said["ok"] === "boolean") {
      return [{ selector, expression, crossed: !said["ok"] }];
    }
    return [];
  });
}

function notesOf(format: Shape["format"], metrics: ForeignRun["metrics"]): string[] {
  const notes: string[] = [];
  if (format === "k6-machine-readable") {
    notes.push("This shape of k6's summary carries no thresholds.");
  }
  const failed = metrics.get("http_req_failed");
  if (failed === undefined) {
    notes.push("There is no http_req_failed: how many requests failed is unknown.");
  } else if ((failed.trues ?? 0) > 0) {
    notes.push("Failed requests lie in the latencies of k6, refused connections as 0 ms.");
  }
  const empty = [...metrics.values()].filter(isEmptyTrend).map(({ selector }) => selector);
  if (empty.length > 0) {
    notes.push(`All zero, which is how k6 writes that nothing was measured: ${empty.join(", ")}.`);
  }
  return notes;
}

/** A trend without a sample is written as zeros; its thresholds "pass". */
export function isEmptyTrend(metric: ForeignMetric): boolean {
  if (metric.kind !== "trend") return false;
  if (metric.count !== null) return metric.count === 0;
  const values = Object.entries(metric.figures).filter(([key]) => key !== "count");
  return values.length > 0 && values.every(([, value]) => value === 0);
}
