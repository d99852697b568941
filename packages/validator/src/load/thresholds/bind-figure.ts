import { loadErrors } from "../errors.ts";
import { isOpenScenario } from "../schedule/hash.ts";
import type { LoadLimit } from "../types.ts";
import { claimOf, limitsOf, stopOf } from "./bind-shared.ts";
import type { BindContext, BoundClaim, FigureRule } from "./bound-claim.ts";
import { compare } from "./compare.ts";
import { type LimitValue, typeError } from "./limit-value.ts";
import { loadMetrics, type MetricRow } from "./metrics.ts";
import { recordedAs, requestCounter, witnessesOf } from "./recorded.ts";

/** No count of events reaches it. */
const anyLimit = 1e9;

/** A figure of the run against its limit: observed, or with `confidence()` inferred from slices. */
export function bindFigure(x: BindContext, metric: MetricRow, value: LimitValue): BoundClaim {
  refuseClosedRate(x, metric, value);
  const { operator, clauses } = x.threshold;
  const aggregation = aggregationOf(x);
  const witnesses = witnessesOf(metric.name);
  if (clauses.overMs !== undefined) throw windowError(x);
  const counter = counterOf(metric);
  const rule: FigureRule = {
    of: ofFigure(metric, value),
    aggregation,
    operator,
    limit: value,
    counter,
    scenarios: x.covered,
    ...(x.outcome !== null && { outcome: x.outcome }),
    ...(counter === "events" && witnesses.length > 0 && { witnesses }),
  };
  const limits = figureLimits(x, metric, counter, value);
  const advice = limits.length === 0 ? [notSeen(metric)] : adviceOf(x, rule);
  const notes = [...advice, ...neverFails(x, metric, value), ...idleStop(x)];
  const figure = `${x.selector} ${nameOf(x)} ${operator} ${value.text}`;
  if (isInferred(x, rule, metric)) {
    return { claim: meanClaim(x, rule, figure), limits, figure: rule, notes };
  }
  const claim = claimOf(x, { kind: "predicate", statement: `${figure}, observed in this window` });
  const { min: minSamples, ...plain } = claim;
  const least = minSamples === undefined ? {} : { leastSamples: minSamples };
  return { claim: plain, limits, figure: { ...rule, ...least }, notes, ...pointStop(x) };
}

/** Whether a `confidence()` asks for more than this window's figure, and slices can give it. */
function isInferred(x: BindContext, rule: FigureRule, metric: MetricRow): boolean {
  const { operator, clauses } = x.threshold;
  if (clauses.confidence === undefined) return false;
  const isOrdered = operator.startsWith("<") || operator.startsWith(">");
  if (rule.of === "trend") return rule.aggregation === "avg" && isOrdered;
  if (rule.of !== "per_second") return false;
  if (hasSlices(rule.counter)) return isOrdered;
  const why = `${metric.name} is counted over the run, not by seconds: no confidence(); due is counted by seconds`;
  throw typeError(x.threshold, why);
}

/** The last rank of all is the largest value, the first the least: no other rank stands for them. */
function aggregationOf(x: BindContext): FigureRule["aggregation"] {
  const { aggregation, quantile } = x.threshold;
  if (aggregation !== "p") return aggregation;
  if (quantile === 1) return "max";
  return quantile === 0 ? "min" : "p";
}

function meanClaim(x: BindContext, rule: FigureRule, figure: string): BoundClaim["claim"] {
  const { min: _min, ...rest } = claimOf(x, {
    kind: "mean",
    statement: `${figure}, mean of this window's slices`,
    limit: rule.limit.value,
    unit: rule.of === "per_second" ? "/s" : "ms",
    side: rule.operator.startsWith("<") ? "below" : "above",
  });
  return rest;
}

function nameOf(x: BindContext): string {
  const { aggregation, quantile } = x.threshold;
  if (aggregation !== "p") return aggregation;
  return `p(${Number(((quantile ?? 0) * 100).toPrecision(10))})`;
}

function ofFigure(metric: MetricRow, value: LimitValue): FigureRule["of"] {
  if (value.unit === "per_second") return "per_second";
  if (value.unit === "ratio") return "ratio";
  return metric.type === "trend" ? "trend" : "count";
}

function counterOf(metric: MetricRow): FigureRule["counter"] {
  if (metric.type === "rate") return metric.counts === "good" ? "ok" : "bad";
  if (metric.type === "trend") return null;
  if (recordedAs(metric.name) !== "figure") return requestCounter(metric.name);
  return metric.type === "gauge" ? "gauge" : "events";
}

/** Whether the counts of each second say how often it happened in it. */
function hasSlices(counter: FigureRule["counter"]): boolean {
  return counter === "due" || counter === "ok" || counter === "bad" || counter === "events";
}

/** Counters read the account of all due; times are counted beside their limit. */
function figureLimits(
  x: BindContext,
  metric: MetricRow,
  counter: FigureRule["counter"],
  value: LimitValue,
): LoadLimit[] {
  if (metric.type === "trend") {
    const limitMs = value.value > 0 ? value.value : 1;
    const { quantile } = x.threshold;
    const ranked = quantile !== null && quantile > 0 && quantile < 1 ? { quantile } : {};
    return limitsOf(x, metric, { limitMs, figures: true, ...ranked });
  }
  if (counter === null) return [];
  if (metric.type === "rate") return limitsOf(x, metric, {});
  if (counter === "events" || counter === "gauge" || counter === "bytes") {
    return limitsOf(x, metric, { limitMs: anyLimit, figures: true });
  }
  if (counter === "iterations") {
    return limitsOf(x, { ...metric, name: "iteration_duration" }, { limitMs: anyLimit });
  }
  const gauge = counter === "vus" || counter === "vus_max" ? { gauge: counter } : {};
  return limitsOf(x, { ...metric, name: "errors" }, gauge);
}

function notSeen(metric: MetricRow): string {
  return `nothing of this plan counts for ${metric.name}: not_tested`;
}

function adviceOf(x: BindContext, rule: FigureRule): string[] {
  const { aggregation } = rule;
  if (rule.counter === "gauge")
    return [`${x.selector}: every value said is held to it, not the last alone`];
  if (rule.of !== "trend" || (aggregation !== "avg" && aggregation !== "max")) return [];
  const text = `${x.selector}: ${aggregation} says little of most requests; p(95)<${rule.limit.text.replaceAll(" ", "")} counts every one`;
  return recordedAs(x.metricName) === null ? [] : [text];
}

/** A limit that no value can be on the wrong side of. */
function neverFails(x: BindContext, metric: MetricRow, { value, unit }: LimitValue): string[] {
  const isShare = unit === "ratio";
  // A plan's own metric may be told any value.
  if (!isShare && !loadMetrics.some(({ name }) => name === metric.name)) return [];
  const most = isShare ? 1 : Number.POSITIVE_INFINITY;
  const { operator, text } = x.threshold;
  // What holds at both ends holds between them, but for `!=` at the limit itself.
  const telling = [0, most, Math.min(most, Math.max(0, value))];
  if (!telling.every((one) => compare(one, operator, value))) return [];
  const why = isShare ? "a share lies between 0 and 100 %" : `${metric.name} is never below 0`;
  return [`${x.selector}: ${text.trim()} can never fail: ${why}`];
}

/** A figure gives no evidence before the end; k6's rule may still stop the run. */
function pointStop(x: BindContext): Partial<BoundClaim> {
  return x.spec.abortOn === "point" ? stopOf(x) : {};
}

function idleStop({ selector, spec, threshold }: BindContext): string[] {
  if (spec.abortOnFail !== true || spec.abortOn === "point") return [];
  const why = "a figure proves nothing before the end, so abortOnFail waits for it";
  return [`${selector}: ${threshold.text}: ${why}; abortOn: point stops by k6's rule`];
}

function refuseClosedRate(x: BindContext, metric: MetricRow, value: LimitValue): void {
  if (value.unit !== "per_second") return;
  const closed = x.covered.find((name) => {
    const scenario = x.scenarios[name];
    return scenario !== undefined && !isOpenScenario(scenario);
  });
  if (closed === undefined) return;
  const text = `thresholds: "${x.selector}: ${x.threshold.text}" names a rate of ${metric.name}, and ${closed} is a closed model.`;
  throw loadErrors.make("LL_LOAD_CLAIM_MODEL", text);
}

function windowError(x: BindContext): Error {
  const text = `thresholds: "${x.threshold.text}": over() needs a share of requests: p(N), med or a rate.`;
  return loadErrors.make("LL_LOAD_THRESHOLD_TYPE", text);
}
