import type { Claim } from "@loadline/contract";
import { loadErrors } from "../errors.ts";
import { compare } from "../thresholds/compare.ts";
import { markPosition, parseThreshold } from "../thresholds/grammar.ts";
import type { Threshold } from "../thresholds/threshold.ts";
import { type ForeignMetric, type ForeignRun, splitSelector } from "./foreign.ts";
import { halfWidthMs } from "./locust-json.ts";
import {
  findMetric,
  type ForeignSample,
  rateSample,
  type SampleAnswer,
  slowSample,
} from "./samples.ts";

/** A threshold that is to be judged on foreign results. */
export interface ForeignThresholdSpec {
  readonly selector: string;
  readonly threshold: string;
  readonly id?: string;
  /** Default true. */
  readonly required?: boolean;
}

/** A claim and what the results say of it. */
export interface ForeignClaim {
  readonly claim: Claim;
  readonly evidence: ForeignEvidence;
}

export type ForeignEvidence =
  | { readonly kind: "tallies"; readonly parts: readonly ForeignTally[] }
  | { readonly kind: "observations"; readonly parts: readonly ForeignObservation[] }
  /** Nothing that decides is in the results; one sentence. */
  | { readonly kind: "none"; readonly sentence: string };

export interface ForeignTally {
  readonly part: string;
  readonly sample: ForeignSample;
}

export interface ForeignObservation {
  readonly part: string;
  readonly ok: boolean;
  readonly seen: string;
}

export interface ForeignClaimOptions {
  readonly confidence: number;
  /** Whether the plan lets imported results count. */
  readonly accepts: boolean;
}

const rationale = "What another tool measured is judged by the same rule as what is measured here.";
const msOf: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/**
 * The claims of `specs` with what `run` says of each, and the two that every load has: something
 * was answered, and at least 95 % were unless a claim sets its own. @throws LL_LOAD_THRESHOLD_SYNTAX
 */
export function foreignClaims(
  run: ForeignRun,
  specs: readonly ForeignThresholdSpec[],
  o: ForeignClaimOptions,
): ForeignClaim[] {
  const claims = [alive(run, o)];
  const setsErrors = specs.some(promisesSuccess);
  const errors = { selector: "http_req_failed", threshold: "rate<0.05", id: "load.errors" };
  const ids = new Set(claims.map(({ claim }) => claim.id));
  for (const spec of setsErrors ? specs : [errors, ...specs]) {
    const made = claimOf(run, spec, o);
    let { id } = made.claim;
    for (let next = 2; ids.has(id); next++) id = `${made.claim.id}_${next}`;
    ids.add(id);
    claims.push({ ...made, claim: { ...made.claim, id } });
  }
  return claims;
}

const successDefault = 0.95;

/** A required promise on the failures of all requests; any other leaves the default in its place. */
function promisesSuccess(spec: ForeignThresholdSpec): boolean {
  if (spec.required === false || !/^(errors|http_req_failed)$/.test(spec.selector.trim())) {
    return false;
  }
  const threshold = parse(spec);
  const ratio = ratioOf(threshold);
  if (ratio !== null) return ratio.bad;
  const { operator } = threshold;
  const isUpper = ["<", "<=", "==", "==="].includes(operator) && threshold.aggregation === "rate";
  return isUpper && plainLimit(threshold) <= 1 - successDefault;
}

function shared(
  o: ForeignClaimOptions,
  id: string,
): Pick<Claim, "of" | "parts" | "confidence" | "required" | "category" | "rationale" | "accept"> {
  return {
    of: `import.${id}`,
    parts: ["all"],
    confidence: o.confidence,
    required: true,
    category: "Performance & Capacity",
    rationale,
    ...(o.accepts && { accept: "imported" }),
  };
}

function alive(run: ForeignRun, o: ForeignClaimOptions): ForeignClaim {
  const id = "load.alive";
  const statement = `At least one request succeeded, as ${run.tool} counted`;
  const claim: Claim = { ...shared(o, id), id, statement, kind: "predicate" };
  const sample = rateSample(run, "http_req_failed", true);
  if ("missing" in sample) return { claim, evidence: none(sample.missing) };
  const ok = sample.n - sample.possible;
  const seen = `${ok} of ${sample.n} requests succeeded.`;
  return { claim, evidence: observed({ part: "all", ok: ok > 0, seen }) };
}

const none = (why: string): ForeignEvidence => ({ kind: "none", sentence: `${why}.` });

function claimOf(
  run: ForeignRun,
  spec: ForeignThresholdSpec,
  o: ForeignClaimOptions,
): ForeignClaim {
  const threshold = parse(spec);
  const id = spec.id ?? defaultId(spec.selector, threshold);
  const common = {
    ...shared({ ...o, confidence: threshold.clauses.confidence ?? o.confidence }, id),
    id,
    required: spec.required ?? true,
  };
  const text = `${spec.selector} ${threshold.text.trim()}`;
  const statement = `${text}, as ${run.tool} measured it, failures counted as over`;
  const quantile = quantileOf(threshold);
  const refused = refusedClause(threshold);
  if (refused !== null) {
    const claim: Claim = { ...common, statement: text, kind: "predicate" };
    return { claim, evidence: none(refused) };
  }
  if (quantile !== null) {
    const limit = limitMs(threshold);
    const claim: Claim = {
      ...common,
      statement,
      kind: "quantile",
      target: quantile,
      limit,
      unit: "ms",
    };
    return { claim, evidence: tallyOf(slowSample(run, spec.selector, limit)) };
  }
  const ratio = ratioOf(threshold);
  if (ratio !== null) {
    const claim: Claim = { ...common, statement, kind: "proportion", target: ratio.target };
    return { claim, evidence: tallyOf(rateSample(run, spec.selector, ratio.bad)) };
  }
  const claim: Claim = {
    ...common,
    statement: `${text}, observed in this window`,
    kind: "predicate",
  };
  const isOfFailures = /^(errors|http_req_failed)($|\{)/.test(spec.selector.trim());
  const look = isOfFailures && threshold.aggregation === "rate" ? observeFailed : observe;
  return { claim, evidence: look(run, spec.selector, threshold) };
}

const tallyOf = (sample: SampleAnswer): ForeignEvidence =>
  "missing" in sample
    ? none(sample.missing)
    : { kind: "tallies", parts: [{ part: "all", sample }] };

const observed = (one: ForeignObservation): ForeignEvidence => ({
  kind: "observations",
  parts: [one],
});

function parse({ selector, threshold }: ForeignThresholdSpec): Threshold {
  const parsed = parseThreshold(threshold);
  if (parsed.ok) return parsed.threshold;
  const { message, at } = parsed.problem;
  const text = `${selector}: ${message}\n${markPosition(threshold, at)}\n`;
  throw loadErrors.make("LL_LOAD_THRESHOLD_SYNTAX", text);
}

function refusedClause({ clauses, limit }: Threshold): string | null {
  if (limit.kind === "baseline") return "foreign results have no second arm to compare with";
  if (clauses.clock === "intended") return "the tool keeps no intended times";
  if (clauses.overMs !== undefined || clauses.forMs !== undefined) {
    return "the results hold sums of the run, no windows";
  }
  return null;
}

/** `p(N)<X` and `med<X` are about a quantile; `p(0)` and `p(100)` are observations. */
function quantileOf({ operator, quantile }: Threshold): number | null {
  const isBelow = operator === "<" || operator === "<=";
  return isBelow && quantile !== null && quantile > 0 && quantile < 1 ? quantile : null;
}

function limitMs({ limit }: Threshold): number {
  return limit.kind === "value" ? limit.value * (msOf[limit.unit ?? "ms"] ?? 1) : Number.NaN;
}

/** `rate<r`: the true ones are bad; `rate>r`: the false ones. */
function ratioOf(t: Threshold): { target: number; bad: boolean } | null {
  if (t.aggregation !== "rate" || t.limit.kind !== "value" || t.limit.unit === "/s") return null;
  const value = t.limit.unit === "%" ? t.limit.value / 100 : t.limit.value;
  if (!(value > 0 && value < 1)) return null;
  if (t.operator === "<" || t.operator === "<=") return { target: 1 - value, bad: true };
  if (t.operator === ">" || t.operator === ">=") return { target: value, bad: false };
  return null;
}

/** A figure of the run against its limit; times say nothing while failed requests lie in them. */
function observe(run: ForeignRun, selector: string, threshold: Threshold): ForeignEvidence {
  const metric = findMetric(run, selector);
  if ("missing" in metric) return none(metric.missing);
  const key = threshold.aggregation === "p" ? percentKey(threshold) : threshold.aggregation;
  const figure = metric.figures[key] ?? (key === "count" ? metric.count : undefined);
  if (figure === undefined || figure === null) {
    return none(`the results hold no ${key} of ${metric.selector}`);
  }
  const { tags } = splitSelector(metric.selector);
  const failed = run.metrics.get(tags === "" ? "http_req_failed" : `http_req_failed{${tags}}`);
  if (metric.isTime && (failed?.trues ?? 1) > 0) {
    return none(`${key} of ${metric.selector} is of a run whose failed requests lie in it`);
  }
  return heldTo(metric, threshold, { key, figure });
}

/** A figure against the limit, where its rounding lets it decide. */
function heldTo(
  metric: ForeignMetric,
  threshold: Threshold,
  { key, figure }: { readonly key: string; readonly figure: number },
): ForeignEvidence {
  const limit = metric.isTime ? limitMs(threshold) : plainLimit(threshold);
  const unit = metric.isTime ? " ms" : "";
  const seen = `${key} of ${metric.selector} was ${figure}${unit}`;
  const half = isRounded(metric, threshold) ? halfWidthMs(figure) : 0;
  const ok = compare(figure, threshold.operator, limit);
  const isWithin = Math.abs(limit - figure) < half;
  const agree = [figure - half, figure + half].every(
    (value) => !isWithin && compare(value, threshold.operator, limit) === ok,
  );
  if (!agree) return none(`${seen}, give or take ${half}: its rounding decides nothing`);
  return observed({ part: "all", ok, seen: `${seen}.` });
}

/** Ranks of rounded buckets are rounded; extremes and averages are exact. */
function isRounded({ isTime, rounding }: ForeignMetric, { aggregation }: Threshold): boolean {
  return isTime && rounding === "two-digits" && (aggregation === "p" || aggregation === "med");
}

/** The share of failed requests, those the tool never started among them: both bounds must agree. */
function observeFailed(run: ForeignRun, selector: string, threshold: Threshold): ForeignEvidence {
  const sample = rateSample(run, selector, true);
  if ("missing" in sample) return none(sample.missing);
  const { n, sure, possible } = sample;
  const holds = (bad: number): boolean =>
    compare(bad / n, threshold.operator, plainLimit(threshold));
  const seen = `${sure === possible ? sure : `${sure} to ${possible}`} of ${n} requests failed.`;
  if (holds(sure) !== holds(possible)) return none(seen.slice(0, -1));
  return observed({ part: "all", ok: holds(sure), seen });
}

const percentKey = ({ quantile }: Threshold): string =>
  `p(${Number(((quantile ?? 0) * 100).toPrecision(12))})`;

function plainLimit({ limit }: Threshold): number {
  if (limit.kind !== "value") return Number.NaN;
  return limit.unit === "%" ? limit.value / 100 : limit.value;
}

/** `import.http_req_duration.p_95`, with tags folded in; fit for a claim id. */
function defaultId(selector: string, threshold: Threshold): string {
  const word = (text: string): string =>
    text
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "_")
      .replaceAll(/^_|_$/g, "");
  const figure = threshold.aggregation === "p" ? percentKey(threshold) : threshold.aggregation;
  return `import.${word(selector) || "metric"}.${word(figure)}`;
}
