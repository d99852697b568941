import {
  isFields,
  joined,
  note,
  readFields,
  readList,
  readMap,
  readPercent,
  readPromisedPercent,
  readSpan,
  readText,
  refuseUnknown,
} from "./fields.ts";
import type { Import } from "./import-context.ts";
import {
  dayMs,
  hourMs,
  minuteMs,
  plainSlo,
  type Sli,
  type Slo,
  type StaticAlert,
} from "./model.ts";

const month = 30 * dayMs;
const targetKeys = ["target", "window", "unit", "description", "measurement", "alerts"];
const targetsKnown = ["availability", "latency", "data_loss", "error_rate"];

/** A figure with what may stand beside it; a bare figure is one, too. */
interface Target {
  readonly value: unknown;
  readonly path: string;
  readonly windowMs: number;
  readonly description?: string;
  readonly alerts: unknown;
}

/** Reads `99.5` or `{target: 99.5, window: "30 days"}`. */
export function readTarget(i: Import, value: unknown, path: string, windowMs: number): Target {
  if (!isFields(value)) return { value, path, windowMs, alerts: undefined };
  refuseUnknown(i, value, path, targetKeys);
  const given = value["window"];
  const isWhole = given === undefined || given === "continuous";
  const read = isWhole ? windowMs : readSpan(i, given, joined(path, "window"));
  const text = value["description"];
  return {
    value: value["target"],
    path: joined(path, "target"),
    windowMs: read ?? windowMs,
    alerts: value["alerts"],
    ...(typeof text === "string" && text.length >= 10 && { description: text }),
  };
}

/** `slo_targets`: what the whole platform promises. */
export function importTargets(i: Import, value: unknown, path: string): void {
  const fields = readFields(i, value, path, targetsKnown);
  if (fields === null) return;
  const { service } = i.options;
  if (fields["availability"] !== undefined) {
    importAvailability(i, fields["availability"], {
      service,
      id: "availability",
      path: joined(path, "availability"),
    });
  }
  if (fields["latency"] !== undefined)
    importPercentiles(i, fields["latency"], joined(path, "latency"));
  if (fields["data_loss"] !== undefined)
    importLoss(i, fields["data_loss"], joined(path, "data_loss"));
  if (fields["error_rate"] !== undefined) {
    importErrorRate(i, fields["error_rate"], {
      service,
      id: "error_rate",
      path: joined(path, "error_rate"),
    });
  }
}

/** Where an SLO comes from and what it is called. */
export interface Named {
  readonly service: string;
  readonly id: string;
  readonly path: string;
}

/** A percentage of calls that succeed, over 30 days if nothing else is said. */
export function importAvailability(i: Import, value: unknown, named: Named): void {
  const target = readTarget(i, value, named.path, month);
  const objective = readPromisedPercent(i, target.value, target.path);
  if (objective === null) return;
  addSlo(i, named, { target, objective, sli: ratioOf(i, named.service) });
}

/** A percentage of calls that may fail, in 5 minutes if nothing else is said. */
export function importErrorRate(i: Import, value: unknown, named: Named): void {
  const target = readTarget(i, value, named.path, 5 * minuteMs);
  const share = readPercent(i, target.value, target.path);
  if (share === null) return;
  const objective = Number((1 - share).toPrecision(12));
  addSlo(i, named, { target, objective, sli: ratioOf(i, named.service) });
}

/** A percentile below a time in ms: that share of the calls is under it. */
export function importPercentile(
  i: Import,
  value: unknown,
  named: Named & { readonly q: number; readonly windowMs: number },
): void {
  const target = readTarget(i, value, named.path, named.windowMs);
  const underMs = readSpan(i, target.value, target.path, 1);
  if (underMs === null) return;
  if (underMs < 1) {
    note(i, "LL_SLO_UNIT", target.path, `${underMs} ms is no latency; write "2 s" or 2000`);
    return;
  }
  const { histogram, bounds } = i.options.series[named.service] ?? {};
  const sli: Sli = {
    kind: "latency",
    underMs,
    ...(histogram !== undefined && { histogram }),
    ...(bounds !== undefined && { bounds }),
  };
  addSlo(i, named, { target, objective: named.q, sli });
}

function importPercentiles(i: Import, value: unknown, path: string): void {
  const known = ["p50", "p90", "p95", "p99"];
  const fields = readFields(i, value, path, [...known, "window", "description"]);
  if (fields === null) return;
  const shared = fields["window"];
  const read = shared === undefined ? null : readSpan(i, shared, joined(path, "window"));
  const windowMs = read ?? hourMs;
  for (const key of known) {
    const given = fields[key];
    if (given === undefined) continue;
    const named = { service: i.options.service, id: `latency.${key}`, path: joined(path, key) };
    importPercentile(i, given, { ...named, q: Number(key.slice(1)) / 100, windowMs });
  }
}

function importLoss(i: Import, value: unknown, path: string): void {
  const target = readTarget(i, value, path, month);
  if (target.value !== 0 && target.value !== "0" && target.value !== "0%") {
    note(i, "LL_SLO_SHAPE", target.path, "only 0 is a promise about acknowledged records");
    return;
  }
  const named = { service: i.options.service, id: "data_loss", path };
  addSlo(i, named, { target, objective: 1, sli: { kind: "loss" } });
}

function ratioOf(i: Import, service: string): Sli {
  const { bad, total } = i.options.series[service] ?? {};
  return {
    kind: "ratio",
    ...(bad !== undefined && { bad }),
    ...(total !== undefined && { total }),
  };
}

/** Adds an SLO with its static alerts; short windows get the objective itself as one. */
export function addSlo(
  i: Import,
  named: Named,
  found: { readonly target: Target; readonly objective: number; readonly sli: Sli },
): void {
  const { target, objective, sli } = found;
  const slo: Slo = plainSlo({
    id: named.id,
    service: named.service,
    sli,
    objective,
    windowMs: target.windowMs,
    ...(target.description !== undefined && { description: target.description }),
  });
  const alerts =
    target.alerts === undefined ? [] : readAlerts(i, target.alerts, joined(named.path, "alerts"));
  const isShort = slo.alerts.mode === "static" && sli.kind !== "loss";
  const own: readonly StaticAlert[] = isShort
    ? [
        {
          severity: "ticket",
          overMs: target.windowMs,
          above: Number((1 - objective).toPrecision(12)),
        },
      ]
    : [];
  i.slos.push({ ...slo, alerts: { mode: slo.alerts.mode, static: [...alerts, ...own] } });
}

const severities: ReadonlyMap<string, StaticAlert["severity"]> = new Map([
  ["critical", "page"],
  ["page", "page"],
  ["warning", "ticket"],
  ["ticket", "ticket"],
]);
const alertKeys = ["severity", "threshold", "window"];

/** `{warning: 99.7, critical: 99.5}` or a list of `{severity, threshold, window}`: least per cent. */
function readAlerts(i: Import, value: unknown, path: string): StaticAlert[] {
  if (isFields(value)) {
    const rows = Object.entries(value).map(([severity, threshold]) => ({ severity, threshold }));
    return rows.flatMap((row) => readAlert(i, row, joined(path, row.severity)));
  }
  return (readList(i, value, path) ?? []).flatMap((row, index) =>
    readAlert(i, row, `${path}[${index}]`),
  );
}

function readAlert(i: Import, value: unknown, path: string): StaticAlert[] {
  const row = readMap(i, value, path);
  if (row === null) return [];
  refuseUnknown(i, row, path, alertKeys);
  const severity = severities.get(readText(i, row["severity"], path) ?? "");
  if (severity === undefined) {
    note(i, "LL_SLO_SHAPE", path, `a severity is one of ${[...severities.keys()].join(", ")}`);
    return [];
  }
  const least = readPercent(i, row["threshold"], path);
  const overMs = row["window"] === undefined ? 5 * minuteMs : readSpan(i, row["window"], path);
  if (least === null || overMs === null) return [];
  return [{ severity, overMs, above: Number((1 - least).toPrecision(12)) }];
}
