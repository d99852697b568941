import type { EvidenceRecord } from "@loadline/contract";
import { decodeHdr } from "@loadline/kit/histogram";
import { histogramLog, histogramsOfLog, tagOf } from "../evidence/histogram-counts.ts";
import type { StoredRun } from "../evidence/stored-run.ts";
import { loadErrors } from "../load/errors.ts";
import {
  judgeLater,
  type KeptSample,
  type LaterLimit,
  type LaterVerdict,
} from "../load/record/later-limit.ts";
import { markPosition, parseThreshold } from "../load/thresholds/grammar.ts";
import { limitValue, typeError } from "../load/thresholds/limit-value.ts";
import { loadMetrics } from "../load/thresholds/metrics.ts";
import { isRecord } from "../probes/shapes.ts";

/** A limit on one latency of one scenario of a stored run, or of all that the run had. */
export interface LaterAsk extends LaterLimit {
  readonly metric: string;
  readonly scenario: string | null;
  /** As it was written. */
  readonly text: string;
}

/**
 * What a scenario's kept figures say of the limit; a sample that was cut off, and guards that were
 * breached, take a verdict back.
 */
export interface LaterRow extends Omit<LaterVerdict, "reason"> {
  readonly scenario: string;
  readonly reason: LaterVerdict["reason"] | "cancelled" | "generator";
}

/** Latencies whose histograms a run keeps, of good answers in the measured phase. */
export const keptLatencies = ["response_time", "service_time", "ttft"] as const;

const confidenceDefault = 0.95;
const selectorPattern = /^\s*(\w+)\s*(?:\{\s*scenario\s*:\s*([\w.-]+)\s*\})?\s*$/;

/**
 * Reads `metric{scenario:name}` and `p(N)<time`, which is what kept histograms can decide.
 * @throws LL_LOAD_THRESHOLD_SYNTAX, LL_LOAD_THRESHOLD_TYPE, LL_LOAD_METRIC_UNKNOWN
 */
export function readLaterAsk(selector: string, expression: string): LaterAsk {
  const text = `${selector.trim()}: ${expression.trim()}`;
  const parsed = parseThreshold(expression);
  if (!parsed.ok) {
    const { message, at } = parsed.problem;
    const said = `${selector}: ${message}, column ${at + 1}: ${markPosition(expression, at)}`;
    throw loadErrors.make("LL_LOAD_THRESHOLD_SYNTAX", said);
  }
  const { threshold } = parsed;
  const [, metric = "", scenario = null] = selectorPattern.exec(selector) ?? [];
  const row = loadMetrics.find(({ name }) => name === metric);
  if (row === undefined || !keptLatencies.some((one) => one === metric)) {
    const known = `histograms are kept of ${keptLatencies.join(", ")}, by scenario`;
    throw loadErrors.make("LL_LOAD_METRIC_UNKNOWN", `${text}: ${known}.`);
  }
  const { limit, quantile, operator, clauses } = threshold;
  const { confidence = confidenceDefault, ...others } = clauses;
  const isAsked = operator === "<" && quantile !== null && quantile > 0 && quantile < 1;
  if (!isAsked || limit.kind !== "value" || Object.keys(others).length > 0) {
    throw typeError(threshold, "a stored run is asked p(N)< or med< of a time, nothing more");
  }
  const limitMs = limitValue(row, threshold, limit).value;
  return { text, metric, scenario, limitMs, quantile, confidence };
}

/** Ways to be bad that follow from a limit; all others are bad whatever it is. */
const byValue: ReadonlySet<string> = new Set([
  "over_limit",
  "under_limit",
  "missing_metric",
  "answered",
]);

/** Metrics whose samples are not every request, or hold no failures. */
const apart: ReadonlySet<unknown> = new Set([
  "figure",
  "iteration_duration",
  "retry_after",
  "data_sent",
  "data_received",
]);

/**
 * Judges a limit that a run's plan did not have, by its stored histograms: one row for each
 * scenario, none of a run that sent no load. @throws LL_LOAD_METRIC_UNKNOWN for what no histogram was kept of, LL_LOAD_HISTOGRAM_LAYOUT
 */
export function judgeStoredRun(
  { records }: Pick<StoredRun, "records">,
  files: ReadonlyMap<string, Uint8Array>,
  ask: LaterAsk,
): LaterRow[] {
  const log = histogramsOf(records, files);
  if (log === null) return [];
  const samples = samplesOf(records);
  const known = [...samples.keys()];
  const wanted = ask.scenario === null ? known : known.filter((one) => one === ask.scenario);
  if (wanted.length === 0) {
    const text = `the run kept no sample of ${ask.scenario ?? "any scenario"}; it has ${known.join(", ") || "none"}.`;
    throw loadErrors.make("LL_LOAD_METRIC_UNKNOWN", text);
  }
  // Some guards speak of one claim alone; of a later one nobody asked them.
  const isBreached = records.some(({ kind, data }) => kind === "guard" && data["holds"] === false);
  return wanted.map((scenario): LaterRow => {
    const text = log.get(tagOf(scenario, ask.metric));
    const { n = 0, hardBad = 0, isWhole = false } = samples.get(scenario) ?? {};
    const row = judgeLater({ n, hardBad, buckets: text === undefined ? [] : decodeHdr(text) }, ask);
    if (row.verdict === "inconclusive" || (isWhole && !isBreached)) return { scenario, ...row };
    const reason = isWhole ? "generator" : "cancelled";
    return { scenario, ...row, verdict: "inconclusive", reason };
  });
}

/** Histograms of all loads of a run by tag, as HdrHistogram's log has them; null without such a log. */
function histogramsOf(
  records: readonly EvidenceRecord[],
  files: ReadonlyMap<string, Uint8Array>,
): ReadonlyMap<string, string> | null {
  const logs = records
    .map(({ data }) => data["artifact"])
    .filter(isRecord)
    .filter(({ name }) => name === histogramLog)
    .flatMap(({ digest }) => files.get(`artifacts/${String(digest)}`) ?? []);
  if (logs.length === 0) return null;
  return new Map(logs.flatMap((bytes) => histogramsOfLog(Buffer.from(bytes).toString("utf8"))));
}

/** A part of a sample of every request of a scenario; null for any other record. */
function wholeTally({ kind, data }: EvidenceRecord) {
  const { series, metric, n, badBy } = data;
  if (kind !== "sample.tally" || typeof series !== "string" || typeof n !== "number") return null;
  // A series with a slash is of a step.
  if (series.includes("/") || apart.has(metric) || !isRecord(badBy)) return null;
  const bad = Object.entries(badBy).filter(([reason]) => !byValue.has(reason));
  return { scenario: series, n, hardBad: bad.reduce((all, [, count]) => all + Number(count), 0) };
}

/** Claims whose samples are whole: closed, and not by an early stop. */
function wholeClaims(records: readonly EvidenceRecord[]): ReadonlySet<string> {
  const closed = records.filter(({ kind }) => kind === "sample.closed");
  const whole = new Set(closed.flatMap(({ claims }) => claims));
  for (const { data } of records)
    if (isRecord(data["stop"])) whole.delete(String(data["stop"]["claim"]));
  return whole;
}

interface WholeSample extends Omit<KeptSample, "buckets"> {
  readonly isWhole: boolean;
}

/** What every scenario had due in its measured phase, from the claim that counted most of it. */
function samplesOf(records: readonly EvidenceRecord[]): ReadonlyMap<string, WholeSample> {
  const wholes = wholeClaims(records);
  const byClaim = new Map<string, WholeSample & { readonly scenario: string }>();
  for (const record of records) {
    const tally = wholeTally(record);
    if (tally === null) continue;
    const { scenario, n, hardBad } = tally;
    const [claim = ""] = record.claims;
    const key = `${claim}\n${scenario}`;
    const sum = byClaim.get(key) ?? { n: 0, hardBad: 0 };
    const isWhole = wholes.has(claim);
    byClaim.set(key, { scenario, n: sum.n + n, hardBad: sum.hardBad + hardBad, isWhole });
  }
  const samples = new Map<string, WholeSample>();
  for (const { scenario, ...sample } of byClaim.values()) {
    const best = samples.get(scenario);
    // A claim turned round counts the good: of equal ones the failures are the other's.
    const isMore =
      best === undefined ||
      sample.n > best.n ||
      (sample.n === best.n && sample.hardBad > best.hardBad);
    const isWhole = sample.isWhole && best?.isWhole !== false;
    samples.set(scenario, { ...(isMore ? sample : best), isWhole });
  }
  return samples;
}
