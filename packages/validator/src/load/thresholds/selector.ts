import { nearest } from "@loadline/kit/nearest";
import { loadErrors } from "../errors.ts";
import { badReasons, isBadReason } from "../record/outcomes.ts";
import { markPosition } from "./grammar.ts";
import { loadMetrics, type MetricRow } from "./metrics.ts";

/** Which requests of which metric a threshold looks at. */
export interface Selector {
  readonly text: string;
  readonly metric: MetricRow;
  /** Names of the scenarios it covers, at least one. */
  readonly scenarios: readonly string[];
  readonly step: string | null;
  /** A figure's own tag: the tool, the code, the check, or of `errors` the outcome. */
  readonly tag: readonly [name: string, value: string] | null;
}

/** What the plan declares, for names in selectors. */
export interface Declared {
  readonly scenarios: readonly string[];
  /** Step names per scenario. */
  readonly steps: Readonly<Record<string, readonly string[]>>;
  /** Checks that steps or modules count. */
  readonly checks?: readonly string[];
  /** Metrics of the plan's own. */
  readonly metrics?: readonly MetricRow[];
}

const figureTags = ["tool", "code", "check", "class"] as const;
const tagNames = ["scenario", "step", "name", ...figureTags] as const;
const selectorPattern = /^\s*([A-Za-z_][\w.]*)\s*(?:\{([^{}]*)\})?\s*$/;

/** Reads `metric{tag:value,tag:value}`. @throws LL_LOAD_THRESHOLD_SYNTAX, LL_LOAD_METRIC_UNKNOWN */
export function readSelector(text: string, declared: Declared): Selector {
  const [, name, tagText] = selectorPattern.exec(text) ?? [];
  if (name === undefined) {
    const at = Math.max(0, text.search(/[^\w.\s]/));
    const message = `thresholds: needs metric or metric{tag:value}, column ${at + 1}: ${markPosition(text, at)}`;
    throw loadErrors.make("LL_LOAD_THRESHOLD_SYNTAX", message);
  }
  const metrics = [...(declared.metrics ?? []), ...loadMetrics];
  const metric = metrics.find((row) => row.name === name);
  if (metric === undefined) {
    throw unknown(
      `${text}: no metric ${name}`,
      name,
      metrics.map((row) => row.name),
    );
  }
  const tags = readTags(text, tagText ?? "");
  const scenario = tags.get("scenario");
  if (scenario !== undefined && !declared.scenarios.includes(scenario)) {
    throw unknown(`${text}: no scenario ${scenario}`, scenario, declared.scenarios);
  }
  const scenarios = scenario === undefined ? declared.scenarios : [scenario];
  const step = tags.get("step") ?? tags.get("name") ?? null;
  const tag = readFigureTag(text, tags, declared);
  return step === null
    ? { text, metric, scenarios, step, tag }
    : { text, metric, step, tag, scenarios: withStep(text, step, scenarios, declared) };
}

function readFigureTag(
  text: string,
  tags: ReadonlyMap<string, string>,
  declared: Declared,
): Selector["tag"] {
  const name = figureTags.find((one) => tags.has(one));
  if (name === undefined) return null;
  const value = tags.get(name) ?? "";
  const checks = declared.checks ?? [];
  if (name === "check" && !checks.includes(value)) {
    throw unknown(`${text}: no check ${value}`, value, checks);
  }
  if (name === "class" && !isBadReason(value)) {
    throw unknown(`${text}: no outcome ${value}`, value, badReasons);
  }
  return [name, value];
}

/** The scenarios among those named that declare the step. */
function withStep(
  text: string,
  step: string,
  scenarios: readonly string[],
  declared: Declared,
): readonly string[] {
  const found = scenarios.filter((one) => (declared.steps[one] ?? []).includes(step));
  if (found.length > 0) return found;
  const known = scenarios.flatMap((one) => declared.steps[one] ?? []);
  throw unknown(`${text}: no step ${step}`, step, known);
}

function readTags(text: string, tagText: string): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  for (const pair of tagText.split(",")) {
    if (pair.trim() === "") continue;
    const colon = pair.indexOf(":");
    const tag = pair.slice(0, Math.max(0, colon)).trim();
    if (colon < 1) {
      const at = text.indexOf(pair);
      const message = `thresholds: needs tag:value, column ${at + 1}: ${markPosition(text, at)}`;
      throw loadErrors.make("LL_LOAD_THRESHOLD_SYNTAX", message);
    }
    if (!tagNames.some((one) => one === tag)) {
      throw unknown(`${text}: no tag ${tag}`, tag, tagNames);
    }
    tags.set(tag, pair.slice(colon + 1).trim());
  }
  return tags;
}

function unknown(what: string, name: string, known: readonly string[]): Error {
  const best = nearest(name, known);
  const some = known.slice(0, 12).join(", ");
  const hint = best === null ? ` Known: ${some || "none"}.` : ` Did you mean "${best}"?`;
  return loadErrors.make("LL_LOAD_METRIC_UNKNOWN", `thresholds: ${what}.${hint}`);
}
