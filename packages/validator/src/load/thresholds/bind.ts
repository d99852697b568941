import { loadErrors } from "../errors.ts";
import { stepNames } from "../plan/step-names.ts";
import { bindFigure } from "./bind-figure.ts";
import { claimOf, idleClauses, limitsOf, over, stopOf, windowText } from "./bind-shared.ts";
import type { BindContext, BoundClaim } from "./bound-claim.ts";
import { type LimitValue, limitValue, typeError } from "./limit-value.ts";
import type { MetricRow } from "./metrics.ts";
import { isOfIterations, recordedAs } from "./recorded.ts";

const failuresOver = "in this window, failures counted as over";

/** One threshold on one metric becomes one claim and what the engine has to count for it. */
export function bindThreshold(x: BindContext, row: MetricRow): BoundClaim {
  refuseSteps(x, row);
  const metric = onClock(x, row);
  const bound = bindKind(x, metric);
  return { ...bound, notes: [...bound.notes, ...clockNote(x, metric), ...idleClauses(x)] };
}

/** What is not told by step would be that of the whole scenario, under a step's name. */
function refuseSteps(x: BindContext, row: MetricRow): void {
  const parted = x.covers.find(({ scenario: name, step }) => {
    const scenario = step === null ? undefined : x.scenarios[name];
    return scenario !== undefined && stepNames(name, scenario).length > 1;
  });
  if (isOfIterations(row.name) && x.covers.some(({ step }) => step !== null)) {
    throw typeError(x.threshold, `${row.name} is of whole iterations, a step has none`);
  }
  if (parted === undefined) return;
  if (recordedAs(row.name) === "figure") {
    throw typeError(x.threshold, `${row.name} is told of ${parted.scenario}, not of its steps`);
  }
  if (x.threshold.limit.kind === "baseline") {
    throw typeError(x.threshold, `a baseline is of ${parted.scenario}, not of its steps`);
  }
}

function bindKind(x: BindContext, metric: MetricRow): BoundClaim {
  const { limit } = x.threshold;
  if (limit.kind === "baseline") return bindBaseline(x, metric, limit.share);
  const value = limitValue(metric, x.threshold, limit);
  if (x.outcome !== null) return bindFigure(x, metric, value);
  const kind = kindOf(x, metric, value);
  if (kind === "quantile") return bindQuantile(x, metric, value);
  if (kind === "proportion") return bindProportion(x, metric, value);
  return bindFigure(x, metric, value);
}

/** The metric on the clock the threshold asks for. */
function onClock(x: BindContext, row: MetricRow): MetricRow {
  const { clock } = x.threshold.clauses;
  if (clock === undefined || clock === row.clock) return row;
  if (row.clock === undefined || row.twin === undefined) {
    throw typeError(x.threshold, `${row.name} has no clock to choose`);
  }
  return { ...row, name: row.twin, clock, twin: row.name };
}

const isBelow = (x: BindContext): boolean => x.threshold.operator.startsWith("<");
const isAbove = (x: BindContext): boolean => x.threshold.operator.startsWith(">");

/** A limit nothing can be on the other side of, or only everything, is no share of requests. */
function kindOf(x: BindContext, metric: MetricRow, value: LimitValue): string {
  const { quantile } = x.threshold;
  const isOrdered = isBelow(x) || isAbove(x);
  if (quantile !== null && quantile > 0 && quantile < 1 && isOrdered && value.value > 0) {
    return isBelow(x) ? "quantile" : "proportion";
  }
  const isShare = metric.type === "rate" && value.unit === "ratio" && isOrdered;
  return isShare && value.value > 0 && value.value < 1 ? "proportion" : "figure";
}

function clockNote(x: BindContext, metric: MetricRow): string[] {
  if (metric.name !== "http_req_duration" || !x.hasOpen) return [];
  return [
    `${x.selector}: counts from sending, so a stalled target hides behind its queue; response_time counts from when the request fell due`,
  ];
}

/** 0.999 -> `p99.9`. */
export function percentName(quantile: number): string {
  return `p${Number((quantile * 100).toPrecision(10))}`;
}

function bindQuantile(x: BindContext, metric: MetricRow, value: LimitValue): BoundClaim {
  const quantile = x.threshold.quantile ?? 0.5;
  const what = `${x.selector} ${percentName(quantile)} < ${value.text} ${failuresOver}`;
  return {
    claim: claimOf(x, {
      kind: "quantile",
      statement: `${what}${windowText(x)}`,
      target: quantile,
      limit: value.value,
      unit: "ms",
      ...over(x),
    }),
    limits: limitsOf(x, metric, { limitMs: value.value, quantile }),
    notes: [],
    ...stopOf(x),
  };
}

function bindProportion(x: BindContext, metric: MetricRow, value: LimitValue): BoundClaim {
  if (metric.type === "trend") return bindSlower(x, metric, value);
  // A low rate of bad events, or a high one of good events, is success; the rest is turned round.
  const isPlain = (metric.counts === "bad") === isBelow(x);
  const target = Number((isBelow(x) ? 1 - value.value : value.value).toPrecision(12));
  const wide = metric.counts === "bad" && isBelow(x) && value.value >= 0.05;
  const isBare = x.threshold.limit.kind === "value" && x.threshold.limit.unit === null;
  return {
    claim: claimOf(x, {
      kind: "proportion",
      statement: `${x.selector} rate ${x.threshold.operator} ${value.text} of due requests in this window${windowText(x)}`,
      target,
      ...over(x),
    }),
    limits: limitsOf(x, metric, { quantile: target, ...(!isPlain && { invert: true }) }),
    notes: wide && isBare ? [`${x.selector}: ${x.threshold.text} means ${value.text}`] : [],
    ...stopOf(x),
  };
}

/** `p(N)>X`: more than 1 - N of the requests take longer than X. */
function bindSlower(x: BindContext, metric: MetricRow, value: LimitValue): BoundClaim {
  const quantile = x.threshold.quantile ?? 0.5;
  const target = Number((1 - quantile).toPrecision(12));
  return {
    claim: claimOf(x, {
      kind: "proportion",
      statement: `${x.selector} ${percentName(quantile)} > ${value.text} in this window${windowText(x)}`,
      target,
      ...over(x),
    }),
    limits: limitsOf(x, metric, { limitMs: value.value, quantile: target, invert: true }),
    notes: [],
    ...stopOf(x),
  };
}

/** `baseline+x%`: decided by interleaved blocks of an A/B run, of nothing else. */
function bindBaseline(x: BindContext, metric: MetricRow, share: number): BoundClaim {
  const { aggregation, quantile, operator } = x.threshold;
  const isAsked = (aggregation === "p" || aggregation === "med") && isBelow(x);
  if (metric.quantity !== "time" || !isAsked || quantile === null || quantile >= 1) {
    throw typeError(x.threshold, "a baseline is compared by p(N)< or med< of a time");
  }
  const percent = `${Number((share * 100).toPrecision(10))} %`;
  return {
    claim: claimOf(x, {
      kind: "comparison",
      statement: `${x.selector} ${percentName(quantile)} ${operator} baseline + ${percent}, over interleaved blocks of one run`,
      limit: share,
      unit: "ratio",
    }),
    limits: [],
    baseline: { share, quantile, metric: recordedAs(metric.name) },
    notes: x.hasBaseline ? [] : [`${x.selector}: no baseline in this run (--ab URL): not_tested`],
    ...refuseStop(x),
  };
}

function refuseStop(x: BindContext): Record<never, never> {
  if (x.spec.abortOnFail !== true) return {};
  const text = `thresholds: "${x.threshold.text}": abortOnFail needs a share of requests to look at.`;
  throw loadErrors.make("LL_LOAD_THRESHOLD_TYPE", text);
}
