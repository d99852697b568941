import { loadErrors } from "../errors.ts";
import type { GoodSlo, LoadLimit, Scenario } from "../types.ts";
import { taggedSteps } from "../plan/step-names.ts";
import { isOpenScenario } from "../schedule/hash.ts";
import { bindThreshold, percentName } from "./bind.ts";
import { category } from "./bind-shared.ts";
import type { BindContext, BoundClaim, ThresholdSpec } from "./bound-claim.ts";
import { markPosition, parseThreshold } from "./grammar.ts";
import { checkAggregation } from "./limit-value.ts";
import { loadMetrics, type MetricRow } from "./metrics.ts";
import { figuresOf } from "./recorded.ts";
import { readSelector, type Selector } from "./selector.ts";
import type { Threshold } from "./threshold.ts";

export const thresholdsMax = 64;
/** Success every plan promises unless one of its claims does. */
export const successDefault = 0.95;

export type Thresholds = Readonly<Record<string, readonly ThresholdSpec[]>>;

/** What thresholds are turned into claims for. */
export interface ClaimsInput {
  readonly scenarios: Readonly<Record<string, Scenario>>;
  readonly thresholds: Thresholds;
  readonly confidence: number;
  readonly slo?: GoodSlo;
  /** Checks that steps or modules count. */
  readonly checks?: readonly string[];
  /** Metrics of the plan's own. */
  readonly metrics?: readonly MetricRow[];
  readonly hasBaseline: boolean;
}

/**
 * Every claim of a load plan: those of its thresholds, then `load.alive` and `load.errors`, which
 * every plan makes. @throws LL_LOAD_THRESHOLD_SYNTAX, LL_LOAD_THRESHOLD_TYPE,
 * LL_LOAD_METRIC_UNKNOWN, LL_LOAD_CLAIM_MODEL, LL_LOAD_ABOVE_CAP.
 */
export function toClaims(input: ClaimsInput): BoundClaim[] {
  const specs = Object.entries(input.thresholds);
  const count = specs.reduce((sum, [, list]) => sum + list.length, 0);
  if (count > thresholdsMax) {
    const text = `load.thresholds: ${count} thresholds, above the cap of ${thresholdsMax}.`;
    throw loadErrors.make("LL_LOAD_ABOVE_CAP", text);
  }
  const declared = declaredOf(input);
  const taken = new Set<string>();
  const bound = specs.flatMap(([key, list]) => {
    const selector = readSelector(key, declared);
    return list.map((spec) => bindOne(input, selector, spec, taken));
  });
  const ownErrors = new Set(bound.flatMap(coversErrors));
  return [...bound, ...errorsClaim(input, ownErrors), aliveClaim(input)];
}

function declaredOf(input: ClaimsInput) {
  const scenarios = Object.fromEntries(
    Object.entries(input.scenarios).map(([name, scenario]) => [name, taggedSteps(name, scenario)]),
  );
  const { metrics, checks = [] } = input;
  return { scenarios, checks, ...(metrics !== undefined && { metrics }) };
}

function bindOne(
  input: ClaimsInput,
  selector: Selector,
  spec: ThresholdSpec,
  taken: Set<string>,
): BoundClaim {
  const parsed = parseThreshold(spec.threshold);
  if (!parsed.ok) {
    const { message, at } = parsed.problem;
    const text = `thresholds["${selector.text}"]: ${message}, column ${at + 1}: ${markPosition(spec.threshold, at)}`;
    throw loadErrors.make("LL_LOAD_THRESHOLD_SYNTAX", text);
  }
  if (!isPerSecond(selector.metric, parsed.threshold)) {
    checkAggregation(selector.text, selector.metric, parsed.threshold);
  }
  const { metric, threshold } = asRate(selector.metric, parsed.threshold);
  const covered = [...new Set(selector.covers.map(({ scenario }) => scenario))];
  const x: BindContext = {
    selector: selector.text.trim(),
    metricName: selector.metric.name,
    threshold,
    spec,
    scenarios: input.scenarios,
    covers: selector.covers,
    covered,
    outcome: selector.tag?.[0] === "class" ? selector.tag[1] : null,
    figureNames: figuresOf(metric.name, selector.tag, input.checks ?? []),
    confidence: input.confidence,
    id: idOf(selector, parsed.threshold, spec, taken),
    hasOpen: covered.some((name) => {
      const scenario = input.scenarios[name];
      return scenario !== undefined && isOpenScenario(scenario);
    }),
    hasBaseline: input.hasBaseline,
    ...(input.slo !== undefined && { slo: input.slo }),
  };
  if (selector.metric.name === "good" && x.slo === undefined) {
    const text = `thresholds["${selector.text}"] needs \`slo\`: the limits a good answer keeps.`;
    throw loadErrors.make("LL_LOAD_PLAN_INVALID", text);
  }
  return bindThreshold(x, metric);
}

/** The value of a counter's rate is bound as `counter: rate`. */
function asRate(metric: MetricRow, threshold: Threshold) {
  const counted = loadMetrics.find(({ name }) => name === metric.rateOf);
  if (counted === undefined) return { metric, threshold };
  return { metric: counted, threshold: { ...threshold, aggregation: "rate" } } as const;
}

/** `good: rate>20/s` counts events of a rate. */
function isPerSecond(metric: MetricRow, threshold: Threshold): boolean {
  const { limit } = threshold;
  return metric.type === "rate" && limit.kind === "value" && limit.unit === "/s";
}

/** `chat.response_time.p99`; a second one of the same name gets a number. */
function idOf(
  selector: Selector,
  threshold: Threshold,
  spec: ThresholdSpec,
  taken: Set<string>,
): string {
  const { aggregation, quantile } = threshold;
  const short = aggregation === "p" ? percentName(quantile ?? 0).replaceAll(".", "_") : aggregation;
  const only = selector.covers[0]?.scenario;
  const isOne = selector.text.includes("scenario") && only !== undefined;
  const own = selector.own.map(([, value]) => value);
  const where = [isOne ? only : "all", ...(selector.step === null ? [] : [selector.step]), ...own];
  const tag = selector.tag === null ? [] : [selector.tag[1]];
  const made = [...where, selector.metric.name, ...tag, short].join(".");
  const base = (spec.id ?? made).toLowerCase().replace(/[^a-z0-9_.-]/g, "-");
  let id = base;
  for (let n = 2; taken.has(id); n++) id = `${base}-${n}`;
  taken.add(id);
  return id;
}

/** Scenarios whose success a claim of the plan already promises. */
function coversErrors(bound: BoundClaim): string[] {
  const isOwn = bound.claim.required && (bound.claim.kind === "proportion" || isStrict(bound));
  const errors = bound.limits.filter(
    ({ metric, invert, step }) => metric === "errors" && invert !== true && step === undefined,
  );
  return isOwn ? errors.map(({ scenario }) => scenario) : [];
}

/** An observed error rate no looser than the default. */
function isStrict({ figure }: BoundClaim): boolean {
  if (figure?.of !== "ratio" || figure.counter !== "bad" || figure.outcome !== undefined)
    return false;
  const isUpper = ["<", "<=", "==", "==="].includes(figure.operator);
  return isUpper && figure.limit.value <= 1 - successDefault;
}

function errorsClaim(input: ClaimsInput, own: ReadonlySet<string>): BoundClaim[] {
  const parts = Object.keys(input.scenarios).filter((name) => !own.has(name));
  if (parts.length === 0) return [];
  const { confidence } = input;
  const id = "load.errors";
  const limits = parts.map((scenario): LoadLimit => ({
    scenario,
    metric: "errors",
    quantile: successDefault,
    confidence,
    claim: id,
    stream: id,
    part: scenario,
  }));
  const claim = {
    id,
    statement: `Success of every scenario >= ${successDefault * 100} % of due requests in this window`,
    kind: "proportion",
    of: id,
    parts,
    target: successDefault,
    confidence,
    required: true,
    category,
    rationale: "A target that answers with errors is fast and useless; every due request counts.",
  } as const;
  return [{ claim, limits, notes: [] }];
}

function aliveClaim(input: ClaimsInput): BoundClaim {
  const id = "load.alive";
  const claim = {
    id,
    statement: "Every scenario got at least one good answer in this window",
    kind: "predicate",
    of: id,
    parts: Object.keys(input.scenarios),
    confidence: input.confidence,
    required: true,
    category,
    rationale: "Figures of a target that never answers well say nothing, however they look.",
  } as const;
  return { claim, limits: [], notes: [] };
}
