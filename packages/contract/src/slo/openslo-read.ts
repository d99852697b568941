import {
  type Fields,
  isFields,
  joined,
  kindOf,
  note,
  readFields,
  readList,
  readMap,
  readShare,
  readSpan,
  readText,
  refuseUnknown,
  type Reading,
} from "./fields.ts";
import { type BudgetMethod, defaultIntervals, plainSlo, type Sli, type Slo } from "./model.ts";
import { openSloVersion } from "./openslo-write.ts";
import { readName, refuseTwins, type SloResult } from "./read-document.ts";
import { isSelectorText } from "./selector.ts";

const kinds = [
  "SLO",
  "SLI",
  "Service",
  "DataSource",
  "AlertPolicy",
  "AlertCondition",
  "AlertNotificationTarget",
];
const specKeys = [
  "description",
  "service",
  "indicator",
  "indicatorRef",
  "timeWindow",
  "budgetingMethod",
  "objectives",
  "alertPolicies",
];
const objectiveKeys = [
  "displayName",
  "op",
  "value",
  "target",
  "targetPercent",
  "timeSliceTarget",
  "timeSliceWindow",
];
const methods = "Occurrences and Timeslices are kept";

interface OpenReading extends Reading {
  /** Indicators that stand in documents of their own, by name. */
  readonly indicators: ReadonlyMap<string, unknown>;
}

/**
 * Reads the documents of an OpenSLO v1 file. Alert policies are made anew from the objective, so
 * those of the file are left out.
 */
export function readOpenSlo(documents: readonly unknown[]): SloResult {
  const problems: Reading["problems"] = [];
  const indicators = new Map<string, unknown>();
  for (const one of documents) {
    const metadata = isFields(one) ? one["metadata"] : undefined;
    if (!isFields(one) || one["kind"] !== "SLI" || !isFields(metadata)) continue;
    indicators.set(String(metadata["name"]), one["spec"]);
  }
  const r: OpenReading = { problems, indicators };
  const slos = documents.flatMap((one, index) => {
    const path = documents.length === 1 ? "" : `[${index}]`;
    const slo = readDocument(r, one, path);
    return slo === null ? [] : [slo];
  });
  refuseTwins(r, slos);
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    document: { slos, receivers: [], intervals: defaultIntervals, claims: [] },
  };
}

function readDocument(r: OpenReading, value: unknown, path: string): Slo | null {
  const fields = readFields(r, value, path, ["apiVersion", "kind", "metadata", "spec"]);
  if (fields === null) return null;
  if (fields["apiVersion"] !== openSloVersion) {
    note(r, "LL_SLO_OPENSLO", joined(path, "apiVersion"), `expected ${openSloVersion}`);
    return null;
  }
  const kind = fields["kind"];
  if (typeof kind !== "string" || !kinds.includes(kind)) {
    note(r, "LL_SLO_OPENSLO", joined(path, "kind"), `expected one of ${kinds.join(", ")}`);
    return null;
  }
  if (kind !== "SLO") return null;
  const metadata = readMap(r, fields["metadata"], joined(path, "metadata"));
  const name = readName(r, metadata?.["name"], joined(path, "metadata.name"));
  const spec = readFields(r, fields["spec"], joined(path, "spec"), specKeys);
  if (spec === null || name === null || metadata === null) return null;
  return readSpec(r, spec, { path: joined(path, "spec"), name, metadata });
}

interface Named {
  readonly path: string;
  readonly name: string;
  readonly metadata: Fields;
}

function readSpec(r: OpenReading, spec: Fields, { path, name, metadata }: Named): Slo | null {
  const service = readName(r, spec["service"], joined(path, "service"));
  const windowMs = readWindow(r, spec["timeWindow"], joined(path, "timeWindow"));
  const found = readObjective(r, spec, path);
  const sli = readIndicator(r, spec, path);
  if (service === null || windowMs === null || found === null || sli === null) return null;
  const annotations = isFields(metadata["annotations"]) ? metadata["annotations"] : {};
  const { description } = spec;
  const runbook = annotations["runbook"];
  return plainSlo({
    id: name,
    service,
    sli,
    windowMs,
    ...found,
    ...(typeof description === "string" && description.length > 0 && { description }),
    ...(typeof runbook === "string" && { runbook }),
  });
}

const calendarUnits: ReadonlyMap<string, string> = new Map([
  ["M", "months"],
  ["Q", "quarters"],
  ["Y", "years"],
]);

function readWindow(r: Reading, value: unknown, path: string): number | null {
  const rows = readList(r, value, path);
  if (rows === null) return null;
  const row = readFields(r, rows[0], `${path}[0]`, ["duration", "isRolling", "calendar"]);
  if (rows.length !== 1 || row?.["isRolling"] === false || row?.["calendar"] !== undefined) {
    note(r, "LL_SLO_OPENSLO", path, "expected one rolling window");
    return null;
  }
  const text = row?.["duration"];
  const unit = typeof text === "string" ? calendarUnits.get(text.slice(-1)) : undefined;
  const plain =
    typeof text === "string" && unit !== undefined ? `${text.slice(0, -1)} ${unit}` : text;
  return readSpan(r, plain, `${path}[0].duration`);
}

function readObjective(
  r: Reading,
  spec: Fields,
  path: string,
): { readonly objective: number; readonly method: BudgetMethod } | null {
  const at = joined(path, "objectives");
  const rows = readList(r, spec["objectives"], at);
  if (rows === null) return null;
  if (rows.length !== 1) {
    note(r, "LL_SLO_OPENSLO", at, "expected one objective; make each of them an SLO of its own");
    return null;
  }
  const row = readFields(r, rows[0], `${at}[0]`, objectiveKeys);
  if (row === null) return null;
  const percent = row["targetPercent"];
  const given = typeof percent === "number" ? `${percent} %` : row["target"];
  const objective = readShare(r, given, `${at}[0].target`);
  const method = readMethod(r, spec["budgetingMethod"], { row, path, at: `${at}[0]` });
  return objective === null || method === null ? null : { objective, method };
}

function readMethod(
  r: Reading,
  value: unknown,
  { row, path, at }: { readonly row: Fields; readonly path: string; readonly at: string },
): BudgetMethod | null {
  if (value === "Occurrences") return { kind: "occurrences" };
  if (value !== "Timeslices") {
    note(r, "LL_SLO_OPENSLO", joined(path, "budgetingMethod"), `${String(value)}: ${methods}`);
    return null;
  }
  const sliceMs = readSpan(r, row["timeSliceWindow"], joined(at, "timeSliceWindow"));
  const target = readShare(r, row["timeSliceTarget"], joined(at, "timeSliceTarget"));
  return sliceMs === null || target === null ? null : { kind: "timeslices", sliceMs, target };
}

function readIndicator(r: OpenReading, spec: Fields, path: string): Sli | null {
  const ref = spec["indicatorRef"];
  const at = joined(path, "indicator");
  if (typeof ref === "string" && !r.indicators.has(ref)) {
    note(r, "LL_SLO_OPENSLO", joined(path, "indicatorRef"), `no SLI is called ${ref}`);
    return null;
  }
  const inner =
    typeof ref === "string" ? r.indicators.get(ref) : readMap(r, spec["indicator"], at)?.["spec"];
  const indicator = readFields(r, inner, joined(at, "spec"), [
    "description",
    "ratioMetric",
    "thresholdMetric",
  ]);
  if (indicator === null) return null;
  const metricPath = joined(at, "spec.ratioMetric");
  if (indicator["ratioMetric"] === undefined) {
    note(r, "LL_SLO_OPENSLO", metricPath, "only ratios of counters are kept");
    return null;
  }
  return readRatio(r, indicator["ratioMetric"], metricPath);
}

function readRatio(r: Reading, value: unknown, path: string): Sli | null {
  const metric = readFields(r, value, path, ["counter", "good", "bad", "total", "raw", "rawType"]);
  if (metric === null) return null;
  if (metric["counter"] !== true || metric["raw"] !== undefined) {
    note(r, "LL_SLO_OPENSLO", joined(path, "counter"), "only counters are kept: counter: true");
    return null;
  }
  const query = (key: string): string | null =>
    metric[key] === undefined ? null : readQuery(r, metric[key], joined(path, key));
  const [good, bad, total] = [query("good"), query("bad"), query("total")];
  if (total === null || (good === null && bad === null)) {
    note(r, "LL_SLO_OPENSLO", path, "expected total with good or bad");
    return null;
  }
  return { kind: "ratio", total, ...(bad !== null ? { bad } : { good: good ?? "" }) };
}

const rateQuery = /^sum\(\s*(?:rate|increase)\(\s*(.+?)\s*\[[^\]]*\]\s*\)\s*\)$/;

/** A selector, or `sum(rate(selector[...]))` around one; anything else would leave labels. */
function readQuery(r: Reading, value: unknown, path: string): string | null {
  const fields = readFields(r, value, path, ["metricSource"]);
  const source = readMap(r, fields?.["metricSource"], joined(path, "metricSource"));
  if (source === null) return null;
  refuseUnknown(r, source, joined(path, "metricSource"), ["metricSourceRef", "type", "spec"]);
  const { type } = source;
  if (type !== undefined && kindOf(type).toLowerCase() !== '"prometheus"') {
    note(
      r,
      "LL_SLO_OPENSLO",
      joined(path, "metricSource.type"),
      `${kindOf(type)}: only Prometheus is kept`,
    );
    return null;
  }
  const at = joined(path, "metricSource.spec");
  const spec = readFields(r, source["spec"], at, ["query"]);
  const text = readText(r, spec?.["query"], joined(at, "query"))?.trim();
  if (text === undefined) return null;
  const selector = rateQuery.exec(text)?.[1] ?? text;
  if (isSelectorText(selector)) return selector;
  note(
    r,
    "LL_SLO_STRAY_LABEL",
    joined(at, "query"),
    "expected a counter, or sum(rate(counter[...])) without by",
  );
  return null;
}
