import { nearest } from "@loadline/kit/nearest";
import { loadErrors } from "../errors.ts";
import type { TaggedStep } from "../plan/step-names.ts";
import { badReasons, isBadReason } from "../record/outcomes.ts";
import { markPosition } from "./grammar.ts";
import { elsewhereOf } from "./meanings.ts";
import { loadMetrics, type MetricRow } from "./metrics.ts";
import { figureTags, tagNames } from "./tag-names.ts";

/** Which requests of which metric a threshold looks at. */
export interface Selector {
  readonly text: string;
  readonly metric: MetricRow;
  /** What it covers, at least one: a whole scenario, or one of its steps. */
  readonly covers: readonly Cover[];
  /** As written: its step, and the tags of the plan's own. */
  readonly step: string | null;
  readonly own: readonly (readonly [name: string, value: string])[];
  /** A figure's own tag: the tool, the code, the check, or of `errors` the outcome. */
  readonly tag: readonly [name: string, value: string] | null;
}

/** A scenario, or one of its steps. */
export interface Cover {
  readonly scenario: string;
  readonly step: string | null;
}

/** What the plan declares, for names in selectors. */
export interface Declared {
  /** Every scenario with its steps and their tags. */
  readonly scenarios: Readonly<Record<string, readonly TaggedStep[]>>;
  /** Checks that steps or modules count. */
  readonly checks?: readonly string[];
  /** Metrics of the plan's own. */
  readonly metrics?: readonly MetricRow[];
}

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
    const elsewhere = elsewhereOf(name).join("; ");
    throw unknown(
      `${text}: no metric ${name}${elsewhere === "" ? "" : ` (${elsewhere})`}`,
      name,
      metrics.map((row) => row.name),
    );
  }
  const tags = readTags(text, tagText ?? "", declared);
  const scenario = tags.get("scenario");
  const known = Object.keys(declared.scenarios);
  if (scenario !== undefined && !known.includes(scenario)) {
    throw unknown(`${text}: no scenario ${scenario}`, scenario, known);
  }
  const scenarios = scenario === undefined ? known : [scenario];
  const step = tags.get("step") ?? null;
  const tag = readFigureTag(text, tags, declared);
  const own = [...tags].filter(([one]) => !tagNames.includes(one));
  const covers = coversOf({ text, step, own }, scenarios, declared);
  return { text, metric, step, tag, own, covers };
}

/** Whole scenarios where nothing more is asked, or all of their steps have what is asked. */
function coversOf(
  asked: Pick<Selector, "text" | "step" | "own">,
  scenarios: readonly string[],
  declared: Declared,
): readonly Cover[] {
  const { text, step, own } = asked;
  const steps = scenarios.flatMap((scenario) =>
    (declared.scenarios[scenario] ?? []).map((one) => ({ ...one, scenario })),
  );
  const named = step === null ? steps : steps.filter(({ name }) => name === step);
  if (step !== null && named.length === 0) {
    throw unknown(
      `${text}: no step ${step}`,
      step,
      steps.map(({ name }) => name),
    );
  }
  const found = named.filter(({ tags }) => own.every(([name, value]) => tags[name] === value));
  if (found.length === 0 && own.length > 0) throw noneTagged(text, own, named);
  return scenarios.flatMap((scenario): Cover[] => {
    const mine = found.filter((one) => one.scenario === scenario);
    const isWhole = step === null && mine.length === declared.scenarios[scenario]?.length;
    if (isWhole) return [{ scenario, step: null }];
    // Parts of a mix may have steps of one name: requests are counted by it, once.
    const names = [...new Set(mine.map(({ name }) => name))];
    const parted = names.find((name) =>
      steps.some((one) => one.scenario === scenario && one.name === name && !mine.includes(one)),
    );
    if (parted !== undefined) throw namesakes(text, scenario, parted);
    return names.map((name) => ({ scenario, step: name }));
  });
}

function namesakes(text: string, scenario: string, name: string): Error {
  const what = `two requests of ${scenario} are named ${name} and have other tags`;
  const message = `thresholds["${text}"]: ${what}: give one another name.`;
  return loadErrors.make("LL_LOAD_PLAN_INVALID", message);
}

function noneTagged(
  text: string,
  own: Selector["own"],
  steps: readonly Pick<TaggedStep, "tags">[],
): Error {
  const all = own.map(([name, value]) => `${name}:${value}`).join(", ");
  const pairs = own.flatMap(([name]) =>
    steps.flatMap(({ tags }) => (tags[name] === undefined ? [] : [`${name}:${tags[name]}`])),
  );
  return unknown(`${text}: no request has ${all}`, all, [...new Set(pairs)]);
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

/** By name; `name` is another word for `step`. */
function readTags(text: string, tagText: string, declared: Declared): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  const steps = Object.values(declared.scenarios).flat();
  const known = [...tagNames, ...new Set(steps.flatMap((step) => Object.keys(step.tags)))];
  for (const pair of tagText.split(",")) {
    if (pair.trim() === "") continue;
    const colon = pair.indexOf(":");
    const tag = pair.slice(0, Math.max(0, colon)).trim();
    if (colon < 1) throw syntaxError(text, pair, "needs tag:value");
    if (!known.includes(tag)) throw unknown(`${text}: no tag ${tag}${whyNone(tag)}`, tag, known);
    const meant = tag === "name" ? "step" : tag;
    if (tags.has(meant)) throw syntaxError(text, pair, `asks for ${meant} twice`);
    tags.set(meant, pair.slice(colon + 1).trim());
  }
  return tags;
}

function syntaxError(text: string, pair: string, what: string): Error {
  const at = text.indexOf(pair, text.indexOf("{"));
  const message = `thresholds: ${what}, column ${at + 1}: ${markPosition(text, at)}`;
  return loadErrors.make("LL_LOAD_THRESHOLD_SYNTAX", message);
}

/** k6 counts good answers apart by it; here a failed request is over every limit of a time. */
function whyNone(tag: string): string {
  if (tag !== "expected_response") return "";
  return " (k6's, of good answers alone: here a failed request counts as over the limit, so leave the tag out; errors counts the failed)";
}

function unknown(what: string, name: string, known: readonly string[]): Error {
  const best = nearest(name, known);
  const some = known.slice(0, 12).join(", ");
  const hint = best === null ? ` Known: ${some || "none"}.` : ` Did you mean "${best}"?`;
  return loadErrors.make("LL_LOAD_METRIC_UNKNOWN", `thresholds: ${what}.${hint}`);
}
