import type { Problem } from "../claim.ts";
import { burnAlerts, burnPairs } from "./burn-rate.ts";
import { boundMatcher, expressionsOf } from "./expression.ts";
import { note, type Reading } from "./fields.ts";
import { dayMs, type LatencySli, type Slo } from "./model.ts";
import { extendSelector, isSelected, readSelector, type Sample } from "./selector.ts";
import { spanText } from "./write-document.ts";

/** What a lint of objectives found. */
export interface SloLint {
  /** What refuses the compilation. */
  readonly problems: readonly Problem[];
  /** Rules that need a metrics page and had none. */
  readonly notChecked: readonly string[];
  /** Pairs that could never fire and are left out. */
  readonly leftOut: readonly string[];
  /** Objectives that name no series: no rule watches them. */
  readonly unwatched: readonly string[];
}

/** Labels that alerts are routed and told apart by. */
const reserved = new Set([
  "alertname",
  "alertstate",
  "severity",
  "level",
  "over",
  "le",
  "job",
  "instance",
]);

/**
 * Whether rules can be made of these objectives. `samples` is a metrics page of the program that
 * is watched; without it the rules about live series are named as not checked.
 */
export function lintSlos(slos: readonly Slo[], samples?: readonly Sample[]): SloLint {
  const r: Reading = { problems: [] };
  const leftOut: string[] = [];
  const unwatched: string[] = [];
  for (const [index, slo] of slos.entries()) {
    const path = `slos[${index}]`;
    lintObjective(r, slo, path);
    if (!isWatched(slo)) {
      unwatched.push(slo.id);
      continue;
    }
    lintRouting(r, slo, path);
    leftOut.push(...lintBurn(r, slo, path));
    if (slo.sli.kind === "latency") lintBucket(r, slo.sli, { path, samples });
    if (samples !== undefined) lintLive(r, slo, { path, samples });
  }
  const live = [
    "whether each series is there before its first failure",
    "whether the histograms have the bounds",
  ];
  const notChecked = samples === undefined && unwatched.length < slos.length ? live : [];
  return { problems: r.problems, notChecked, leftOut, unwatched };
}

/** Whether its SLI names series. */
export function isWatched(slo: Slo): boolean {
  return slo.sli.kind === "loss" ? slo.sli.lost !== undefined : expressionsOf(slo) !== null;
}

/** What is wrong with the share that an SLO promises; null: nothing. */
export function wrongObjective({ objective, sli }: Slo): string | null {
  const isWhole = sli.kind === "loss" ? objective === 1 : objective > 0 && objective < 1;
  if (isWhole) return null;
  const rule =
    sli.kind === "loss" ? "a loss objective is exactly 1" : "must be above 0 and below 1";
  return `${objective}: ${rule}`;
}

function lintObjective(r: Reading, slo: Slo, path: string): void {
  const wrong = wrongObjective(slo);
  if (wrong !== null) note(r, "LL_SLO_OBJECTIVE", `${path}.objective`, wrong);
}

function lintRouting(r: Reading, slo: Slo, path: string): void {
  if (slo.runbook === undefined) note(r, "LL_SLO_RUNBOOK", `${path}.runbook`, `${slo.id} has none`);
  for (const label of Object.keys(slo.labels ?? {})) {
    if (!reserved.has(label) && !label.startsWith("sloth_") && /^[a-zA-Z_]\w*$/.test(label))
      continue;
    note(
      r,
      "LL_SLO_STRAY_LABEL",
      `${path}.labels.${label}`,
      `${label} is set by the rules themselves`,
    );
  }
}

function lintBurn(r: Reading, slo: Slo, path: string): readonly string[] {
  const { mode } = slo.alerts;
  if (mode === "static" || slo.sli.kind === "loss") return [];
  if (!(slo.objective > 0 && slo.objective < 1)) return [];
  if (slo.windowMs < 7 * dayMs) {
    note(
      r,
      "LL_SLO_PERIOD",
      `${path}.window`,
      `${spanText(slo.windowMs)} with alerts of mode ${mode}`,
    );
    return [];
  }
  const alerts = burnAlerts(slo, mode);
  const wanted = burnPairs.filter((pair) => mode !== "ticket-only" || pair.severity === "ticket");
  const missing = wanted.filter((pair) => !alerts.some((alert) => alert.id === pair.id));
  const hasPage = alerts.some((alert) => alert.severity === "page");
  if (!hasPage && mode !== "ticket-only") {
    note(
      r,
      "LL_SLO_NO_PAGE",
      `${path}.objective`,
      `${slo.id}: factor x budget is 1 or more for both page pairs`,
    );
  }
  lintTraffic(r, slo, path);
  return missing.map((pair) => `${slo.id}: ${pair.id} (factor x budget is 1 or more)`);
}

/** A page counts events of its long window; too few expected ones would keep it silent for ever. */
function lintTraffic(r: Reading, slo: Slo, path: string): void {
  const { expectedRps, minEvents } = slo.traffic;
  if (expectedRps === undefined || expressionsOf(slo)?.events === null) return;
  const pages = burnAlerts(slo, slo.alerts.mode).filter((alert) => alert.severity === "page");
  for (const { id, longMs } of pages) {
    const expected = (expectedRps * longMs) / 1000;
    if (expected >= minEvents) continue;
    const found = `${Number(expected.toPrecision(3))} events are expected in ${spanText(longMs)}`;
    note(r, "LL_SLO_THIN", `${path}.traffic`, `${id}: ${found}, ${minEvents} are needed`);
    return;
  }
}

function lintBucket(
  r: Reading,
  { underMs, bounds, histogram }: LatencySli,
  at: { readonly path: string; readonly samples: readonly Sample[] | undefined },
): void {
  const seconds = underMs / 1000;
  const live = at.samples === undefined ? [] : boundsOf(at.samples, histogram ?? "");
  const known = at.samples === undefined ? (bounds ?? []) : live;
  if (known.length === 0 || known.includes(seconds)) return;
  note(r, "LL_SLO_BUCKET", `${at.path}.sli.under`, `${seconds} s is not among ${known.join(", ")}`);
}

/** The bounds a page shows of a histogram, seconds, rising; none where it is not there. */
function boundsOf(samples: readonly Sample[], histogram: string): readonly number[] {
  const selector = readSelector(extendSelector(histogram, "_bucket", ""));
  const bounds = samples
    .filter((sample) => isSelected(sample, selector))
    .map((sample) => Number(sample.labels.get("le") ?? Number.NaN));
  return [...new Set(bounds)].filter((one) => Number.isFinite(one)).toSorted((a, b) => a - b);
}

function lintLive(
  r: Reading,
  slo: Slo,
  at: { readonly path: string; readonly samples: readonly Sample[] },
): void {
  const { sli } = slo;
  const expressions = expressionsOf(slo);
  const named = sli.kind === "loss" ? [sli.lost ?? ""] : [...(expressions?.zeroStarts ?? [])];
  if (expressions !== null) named.push(expressions.presence);
  // A bound that is missing is named as such, not as a series.
  const missesBound = sli.kind === "latency" && r.problems.at(-1)?.code === "LL_SLO_BUCKET";
  for (const text of new Set(named)) {
    if (missesBound && text.includes(boundMatcher(sli.underMs))) continue;
    const selector = readSelector(text);
    if (at.samples.some((sample) => isSelected(sample, selector))) continue;
    note(r, "LL_SLO_ZERO_START", `${at.path}.sli`, `the page has no ${text}`);
  }
}

/** Bounds that the histograms of these objectives need, seconds, rising, by histogram. */
export function requiredBuckets(slos: readonly Slo[]): ReadonlyMap<string, readonly number[]> {
  const buckets = new Map<string, readonly number[]>();
  for (const { sli } of slos) {
    if (sli.kind !== "latency") continue;
    const name = sli.histogram ?? "";
    const bounds = new Set([...(buckets.get(name) ?? []), sli.underMs / 1000]);
    buckets.set(
      name,
      [...bounds].toSorted((a, b) => a - b),
    );
  }
  return buckets;
}
