import { overRange, type Range } from "./bounds.ts";
import { type ForeignMetric, type ForeignRun, splitSelector, withTags } from "./foreign.ts";
import { isEmptyTrend } from "./k6-summary.ts";

/** What a foreign run says of one limit: counts that add up, or why it says nothing. */
export interface ForeignSample {
  /** Due: sent requests and those that the tool dropped. */
  readonly n: number;
  readonly sure: number;
  readonly possible: number;
  /** Of `sure`, by class, as far as known. */
  readonly badBy: Readonly<Record<string, number>>;
  /** `[n, bad]` per second; empty when only sums are known. */
  readonly slices: readonly (readonly [number, number])[];
}

export type SampleAnswer = ForeignSample | { readonly missing: string };

/** Our name of a sent-clock time and theirs. */
const aliases: Readonly<Record<string, string>> = {
  service_time: "http_req_duration",
  errors: "http_req_failed",
};
const intendedOnly = new Set(["response_time", "ttft_open", "e2e_open", "queue_wait", "pacer_lag"]);

/** The metric a selector means, or why there is none. */
export function findMetric(
  run: ForeignRun,
  selector: string,
): ForeignMetric | { readonly missing: string } {
  const { name, tags } = splitSelector(selector);
  if (intendedOnly.has(name)) {
    return {
      missing: `${run.tool} keeps no intended times, so its results say nothing of ${name}`,
    };
  }
  const wanted = withTags(aliases[name] ?? name, tags);
  const metric = run.metrics.get(wanted) ?? matching(run, wanted);
  if (metric === undefined) return { missing: `the results hold no ${wanted}` };
  if (isEmptyTrend(metric) && (countOf(run, metric) ?? 0) === 0)
    return { missing: `nothing was measured for ${wanted}` };
  if (metric.kind === "rate" && (metric.count === null || metric.count === 0)) {
    return { missing: `nothing was counted for ${wanted}` };
  }
  return metric;
}

/** The one metric whose tags hold all of the asked ones. */
function matching(run: ForeignRun, wanted: string): ForeignMetric | undefined {
  const { name, tags } = splitSelector(wanted);
  const asked = tags.split(",").filter((tag) => tag !== "");
  if (asked.length === 0) return undefined;
  const found = [...run.metrics.values()].filter((metric) => {
    const own = splitSelector(metric.selector);
    return own.name === name && asked.every((tag) => own.tags.split(",").includes(tag));
  });
  return found.length === 1 ? found[0] : undefined;
}

/**
 * Requests at or over `limitMs`, failed or dropped ones among them: from the trend's figures both
 * the fewest and the most that they allow.
 */
export function slowSample(run: ForeignRun, selector: string, limitMs: number): SampleAnswer {
  const metric = findMetric(run, selector);
  if ("missing" in metric) return metric;
  if (metric.kind !== "trend")
    return { missing: `${metric.selector} is a ${metric.kind}, no time` };
  const n = countOf(run, metric);
  if (n === null) {
    const how = 'add "count" to summaryTrendStats';
    return { missing: `how many samples ${metric.selector} has is not in the results; ${how}` };
  }
  const failed = failedOf(run, metric, n);
  const range = withFailures(run, metric, { n, failed, limitMs });
  const dropped = droppedOf(run, metric.selector);
  return {
    n: n + dropped.all,
    sure: range.sure + dropped.sure,
    possible: Math.min(n + dropped.all, range.possible + dropped.all),
    badBy: {
      ...(failed.sure > 0 && { failed: failed.sure }),
      ...(range.sure > failed.sure && { over_limit: range.sure - failed.sure }),
      ...(dropped.sure > 0 && { dropped: dropped.sure }),
    },
    slices: [],
  };
}

/** Rows of a rate that were `bad`: the true ones of failures, the false ones of checks. */
export function rateSample(run: ForeignRun, selector: string, bad: boolean): SampleAnswer {
  const metric = findMetric(run, selector);
  if ("missing" in metric) return metric;
  const { count, trues } = metric;
  if (metric.kind !== "rate" || count === null || trues === null) {
    return { missing: `${metric.selector} has no counts of a rate` };
  }
  const own = bad ? trues : count - trues;
  const isFailure = splitSelector(metric.selector).name === "http_req_failed";
  const dropped = isFailure ? droppedOf(run, metric.selector) : { sure: 0, all: 0 };
  const untold = isFailure ? unjudgedOf(run, metric.selector, count) + dropped.all : 0;
  const slices = untold === 0 && bad ? (metric.perSecond ?? []) : [];
  return {
    n: count + untold,
    sure: own + dropped.sure,
    possible: own + untold,
    badBy: {
      ...(own > 0 && { [isFailure ? "failed" : "rate"]: own }),
      ...(dropped.sure > 0 && { dropped: dropped.sure }),
    },
    slices,
  };
}

/** Requests beside `judged` ones: where a script switched that off, nobody counted whether they failed. */
function unjudgedOf(run: ForeignRun, selector: string, judged: number): number {
  const sent = run.metrics.get(withTags("http_reqs", splitSelector(selector).tags))?.count;
  return Math.max(0, (sent ?? judged) - judged);
}

/** Trends of k6 have no count of their own: requests are counted by `http_reqs`. */
function countOf(run: ForeignRun, metric: ForeignMetric): number | null {
  if (metric.count !== null) return metric.count;
  const { name, tags } = splitSelector(metric.selector);
  if (name === "iteration_duration") {
    return run.metrics.get(withTags("iterations", tags))?.count ?? null;
  }
  if (!name.startsWith("http_req_")) return null;
  const reqs = run.metrics.get(withTags("http_reqs", tags))?.count ?? null;
  return reqs ?? run.metrics.get(withTags("http_req_failed", tags))?.count ?? null;
}

/** Failed requests lie in the same trend; unknown ones may be any. */
function failedOf(run: ForeignRun, metric: ForeignMetric, n: number): Range {
  const { name, tags } = splitSelector(metric.selector);
  if (!name.startsWith("http_req_")) return { sure: 0, possible: 0 };
  const own = run.metrics.get(withTags("http_req_failed", tags));
  if (own?.trues !== undefined && own.trues !== null) {
    // Where a script switched the judging of answers off, nobody counted whether they failed.
    const unjudged = Math.max(0, n - (own.count ?? n));
    return { sure: own.trues, possible: Math.min(n, own.trues + unjudged) };
  }
  const whole = run.metrics.get("http_req_failed")?.trues ?? null;
  return { sure: 0, possible: whole === null ? n : Math.min(n, whole) };
}

/**
 * A failed request is over the limit whatever its time. Where the tool gives the times of the good
 * ones apart, they add; else the failed may or may not be among the slow.
 */
function withFailures(
  run: ForeignRun,
  metric: ForeignMetric,
  o: { readonly n: number; readonly failed: Range; readonly limitMs: number },
): Range {
  const { n, failed, limitMs } = o;
  const good = run.metrics.get(`${metric.selector}{expected_response:true}`);
  const goodCount = n - failed.sure;
  if (good !== undefined && failed.sure === failed.possible && failed.sure > 0 && goodCount > 0) {
    const slow = overRange(good, goodCount, limitMs);
    return { sure: slow.sure + failed.sure, possible: slow.possible + failed.sure };
  }
  const slow = overRange(metric, n, limitMs);
  return {
    sure: Math.max(slow.sure, failed.sure),
    possible: Math.min(n, slow.possible + failed.possible),
  };
}

/** Iterations k6 never started were due; which of several scenarios they belong to may be unknown. */
function droppedOf(run: ForeignRun, selector: string): { sure: number; all: number } {
  const { tags } = splitSelector(selector);
  const own = run.metrics.get(withTags("dropped_iterations", tags))?.count ?? null;
  if (own !== null) return { sure: own, all: own };
  return { sure: 0, all: run.metrics.get("dropped_iterations")?.count ?? 0 };
}
