import { isRecord, type JsonRecord } from "@loadline/kit/json";
import {
  type ForeignFile,
  type ForeignMetric,
  foreignMetric,
  type ForeignRun,
  withTags,
} from "./foreign.ts";
import { countOf, isNumber, isText, keysSeen, refuseFile, wholeOf } from "./json.ts";

/** Half the width of a rounded response time of Locust, ms: it keeps two digits. */
export function halfWidthMs(roundedMs: number): number {
  if (roundedMs < 100) return 0.5;
  if (roundedMs < 1000) return 5;
  return roundedMs < 10_000 ? 50 : 500;
}

interface Entry {
  readonly tags: string;
  readonly requests: number;
  readonly withoutTime: number;
  readonly failures: number;
  readonly buckets: readonly (readonly [number, number])[];
  readonly minMs: number | null;
  readonly maxMs: number | null;
  readonly totalMs: number | null;
  readonly requestsBy: ReadonlyMap<number, number>;
  readonly failuresBy: ReadonlyMap<number, number>;
  readonly lastAtSeconds: number | null;
}

/** Whether parsed JSON is a list of Locust's entries; an empty list is one without data. */
export function isLocustJson(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.every((one) => isRecord(one) && "response_times" in one);
}

/** Reads what `locust --json` printed. @throws LL_LOAD_IMPORT_FORMAT */
export function readLocustJson(file: ForeignFile, list: readonly unknown[]): ForeignRun {
  const entries = list.map((one, i) => entryOf(file, one, i));
  const metrics = new Map<string, ForeignMetric>();
  const add = (metric: ForeignMetric): void => void metrics.set(metric.selector, metric);
  for (const entry of entries) metricsOf(entry).forEach(add);
  if (entries.length > 0) metricsOf({ ...entries.reduce(merge), tags: "" }).forEach(add);
  const last = Math.max(...entries.map(({ lastAtSeconds }) => lastAtSeconds ?? -Infinity));
  const notes = ["Response times are rounded to two digits: counts over a limit are ranges."];
  if (entries.some(({ failures }) => failures > 0)) {
    notes.push("Failed requests lie in the latencies of Locust, often as fast ones.");
  }
  if (entries.length === 0) notes.push("The list is empty: Locust sent nothing.");
  return {
    tool: "locust",
    format: "locust-json",
    version: null,
    measuredAt: Number.isFinite(last) ? new Date(last * 1000).toISOString() : null,
    metrics,
    thresholds: [],
    failures: [],
    notes,
  };
}

function entryOf(file: ForeignFile, one: unknown, i: number): Entry {
  const refuse = (what: string): Error => refuseFile(file, `entry ${i} ${what}`);
  if (!isRecord(one)) throw refuse(`is ${keysSeen(one)}`);
  const requests = wholeOf(one["num_requests"]);
  const failures = wholeOf(one["num_failures"]);
  const { name, method } = one as Readonly<Record<string, unknown>>;
  if (requests === null || failures === null || !isText(name)) {
    throw refuse(`lacks name, num_requests or num_failures; ${keysSeen(one)}`);
  }
  const withoutTime = wholeOf(one["num_none_requests"]) ?? 0;
  const buckets = bucketsOf(one["response_times"]);
  if (buckets === null) throw refuse("has response times that are no numbers");
  const inBuckets = buckets.reduce((sum, [, count]) => sum + count, 0);
  if (inBuckets + withoutTime !== requests || failures > requests) {
    throw refuse(`does not add up: ${requests} requests, ${inBuckets} response times`);
  }
  return {
    tags: `name:${name}${isText(method) && method !== "" ? `,method:${method}` : ""}`,
    requests,
    withoutTime,
    failures,
    buckets,
    minMs: countOf(one["min_response_time"]),
    maxMs: countOf(one["max_response_time"]),
    totalMs: countOf(one["total_response_time"]),
    requestsBy: bySecond(one["num_reqs_per_sec"]),
    failuresBy: bySecond(one["num_fail_per_sec"]),
    lastAtSeconds: countOf(one["last_request_timestamp"]),
  };
}

/** Keys are `"140"` or `"140.0"`, by version. */
function bucketsOf(value: unknown): (readonly [number, number])[] | null {
  if (!isRecord(value)) return null;
  const buckets: (readonly [number, number])[] = [];
  for (const [key, count] of Object.entries(value)) {
    const ms = Number(key);
    if (key.trim() === "" || !Number.isFinite(ms) || wholeOf(count) === null) return null;
    buckets.push([ms, Number(count)]);
  }
  return buckets.toSorted(([a], [b]) => a - b);
}

function bySecond(value: unknown): Map<number, number> {
  const seconds = new Map<number, number>();
  for (const [key, count] of Object.entries(isRecord(value) ? value : ({} satisfies JsonRecord))) {
    if (isNumber(count)) seconds.set(Math.floor(Number(key)), count);
  }
  return seconds;
}

function merge(a: Entry, b: Entry): Entry {
  const both = (x: number | null, y: number | null, pick: (...of: number[]) => number) =>
    x === null || y === null ? (x ?? y) : pick(x, y);
  const counts = new Map<number, number>();
  for (const [ms, count] of [...a.buckets, ...b.buckets]) {
    counts.set(ms, (counts.get(ms) ?? 0) + count);
  }
  return {
    tags: "",
    requests: a.requests + b.requests,
    withoutTime: a.withoutTime + b.withoutTime,
    failures: a.failures + b.failures,
    buckets: [...counts].toSorted(([x], [y]) => x - y),
    minMs: both(a.minMs, b.minMs, Math.min),
    maxMs: both(a.maxMs, b.maxMs, Math.max),
    totalMs: a.totalMs === null || b.totalMs === null ? null : a.totalMs + b.totalMs,
    requestsBy: sumOf(a.requestsBy, b.requestsBy),
    failuresBy: sumOf(a.failuresBy, b.failuresBy),
    lastAtSeconds: both(a.lastAtSeconds, b.lastAtSeconds, Math.max),
  };
}

function sumOf(
  a: ReadonlyMap<number, number>,
  b: ReadonlyMap<number, number>,
): Map<number, number> {
  const sum = new Map(a);
  for (const [second, count] of b) sum.set(second, (sum.get(second) ?? 0) + count);
  return sum;
}

/** Under k6's names, so that one plan fits both tools: duration, failed and count. */
function metricsOf(entry: Entry): ForeignMetric[] {
  const { tags, requests, withoutTime, failures, minMs, maxMs, totalMs } = entry;
  const timed = requests - withoutTime;
  const figures: Record<string, number> = {};
  if (timed > 0) {
    if (minMs !== null) figures["min"] = minMs;
    if (maxMs !== null) figures["max"] = maxMs;
    if (totalMs !== null) figures["avg"] = totalMs / timed;
    for (const percent of [50, 90, 95, 99]) {
      figures[percent === 50 ? "med" : `p(${percent})`] = percentileOf(
        entry.buckets,
        percent / 100,
      );
    }
  }
  return [
    foreignMetric({
      selector: withTags("http_req_duration", tags),
      kind: "trend",
      count: timed,
      figures,
      isTime: true,
      rounding: "two-digits",
      buckets: entry.buckets,
    }),
    foreignMetric({
      selector: withTags("http_req_failed", tags),
      kind: "rate",
      count: requests,
      trues: failures,
      figures: requests > 0 ? { rate: failures / requests } : {},
      perSecond: secondsOf(entry),
    }),
    foreignMetric({
      selector: withTags("http_reqs", tags),
      kind: "counter",
      count: requests,
      figures: { count: requests },
    }),
  ];
}

/** The bucket of rank ceil(q n), as Locust shows it: rounded. */
function percentileOf(buckets: Entry["buckets"], q: number): number {
  const n = buckets.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [ms, count] of buckets) {
    seen += count;
    if (seen >= q * n) return ms;
  }
  return Number.NaN;
}

/** `[n, bad]` per second; null when the seconds do not add up to the totals. */
function secondsOf(entry: Entry): (readonly [number, number])[] | null {
  const seconds = [...entry.requestsBy.keys()].toSorted((a, b) => a - b);
  const rows = seconds.map(
    (at) => [entry.requestsBy.get(at) ?? 0, entry.failuresBy.get(at) ?? 0] as const,
  );
  const n = rows.reduce((sum, [count]) => sum + count, 0);
  const bad = rows.reduce((sum, [, count]) => sum + count, 0);
  const addsUp = n === entry.requests && bad === entry.failures;
  return addsUp && rows.every(([count, failed]) => failed <= count) ? rows : null;
}
