import type { EvidenceRecord, ReasonCode } from "@loadline/contract";
import { decodeHdr, type HdrBucket } from "@loadline/kit/histogram";
import { histogramLog, histogramsOfLog, tagOf } from "../evidence/histogram-counts.ts";
import type { StoredRun } from "../evidence/stored-run.ts";
import { loadErrors } from "../load/errors.ts";
import { judgeLater, type LaterLimit, type LaterVerdict } from "../load/record/later-limit.ts";
import { laterBreach } from "./later-guards.ts";
import { noSample, samplesOf } from "./later-samples.ts";
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
 * What a scenario's kept figures say of the limit; a sample that was cut off, and a guard that speaks
 * against the verdict, take it back.
 */
export interface LaterRow extends Omit<LaterVerdict, "reason"> {
  readonly scenario: string;
  readonly reason: LaterVerdict["reason"] | ReasonCode;
  /** The guard that took the verdict back. */
  readonly guard?: string;
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
  const bucketsOf = (scenario: string, metric: string): HdrBucket[] => {
    const text = log.get(tagOf(scenario, metric));
    return text === undefined ? [] : decodeHdr(text);
  };
  return wanted.map((scenario): LaterRow => {
    const sample = samples.get(scenario) ?? noSample;
    const { n, hardBad, isWhole } = sample;
    const row = judgeLater({ n, hardBad, buckets: bucketsOf(scenario, ask.metric) }, ask);
    if (row.verdict === "inconclusive") return { scenario, ...row };
    const open = { scenario, ...row, verdict: "inconclusive" } as const;
    if (!isWhole) return { ...open, reason: "cancelled" };
    const breach = laterBreach(records, {
      ...sample,
      ...ask,
      scenario,
      verdict: row,
      serviceMedianMs: medianMs(bucketsOf(scenario, "service_time")),
    });
    if (breach === null) return { scenario, ...row };
    const { guard, reason } = breach;
    return { ...open, reason, ...(guard !== null && { guard }) };
  });
}

/** Upper edge of the middle value's bucket; 0 without one. */
function medianMs(buckets: readonly HdrBucket[]): number {
  const half = buckets.reduce((sum, { count }) => sum + count, 0) / 2;
  let seen = 0;
  return (buckets.find(({ count }) => (seen += count) >= half)?.highUs ?? 0) / 1_000;
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
