import type { Problem } from "../claim.ts";
import {
  type Fields,
  isFields,
  joined,
  note,
  readFields,
  readList,
  readNumber,
  readOneOf,
  readShare,
  readSpan,
  readText,
  type Reading,
} from "./fields.ts";
import {
  alertModes,
  type BudgetMethod,
  dayMs,
  defaultIntervals,
  type EscalationLevel,
  minEventsDefault,
  minuteMs,
  type Receiver,
  receiverKinds,
  type Slo,
  type SloDocument,
  type StaticAlert,
} from "./model.ts";
import { readSli } from "./read-sli.ts";

/** A file of objectives, or every problem found in it. */
export type SloResult =
  | { readonly ok: true; readonly document: SloDocument }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** The value of `schema` in a file of our own form. */
export const sloSchemaId = "loadline-slo/v1";

const documentKeys = ["schema", "slos", "receivers", "intervals", "profile"];
const sloKeys = [
  "id",
  "service",
  "description",
  "sli",
  "objective",
  "window",
  "method",
  "traffic",
  "alerts",
  "escalation",
  "runbook",
  "labels",
];
const idPattern = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;
const nameMax = 80;

/** Reads objectives in our own form, as `writeSloDocument` makes it; all problems at once. */
export function readSloDocument(value: unknown): SloResult {
  const r: Reading = { problems: [] };
  const fields = readFields(r, value, "", documentKeys);
  if (fields !== null && fields["schema"] !== sloSchemaId) {
    note(r, "LL_SLO_SHAPE", "schema", `expected ${sloSchemaId}`);
  }
  const receivers = readRows(r, fields?.["receivers"], "receivers", readReceiver);
  const slos = readRows(r, fields?.["slos"], "slos", readSlo);
  const intervals = readIntervals(r, fields?.["intervals"]);
  const profile = fields?.["profile"];
  if (profile !== undefined) readText(r, profile, "profile");
  refuseTwins(r, slos);
  refuseStrangers(r, slos, receivers);
  if (r.problems.length > 0) return { ok: false, problems: r.problems };
  const document = { slos, receivers, intervals, claims: [] };
  return { ok: true, document: typeof profile === "string" ? { ...document, profile } : document };
}

function readRows<T>(
  r: Reading,
  value: unknown,
  path: string,
  read: (r: Reading, row: unknown, path: string) => T | null,
): readonly T[] {
  if (value === undefined) return [];
  return (readList(r, value, path) ?? []).flatMap((row, index) => {
    const found = read(r, row, `${path}[${index}]`);
    return found === null ? [] : [found];
  });
}

/** Notes ids that occur twice. */
export function refuseTwins(r: Reading, slos: readonly Slo[]): void {
  const seen = new Set<string>();
  for (const [index, { id }] of slos.entries()) {
    if (seen.has(id)) note(r, "LL_SLO_DUPLICATE", `slos[${index}].id`, `${id} is there already`);
    seen.add(id);
  }
}

/** Notes levels that lead to a receiver nobody declares. */
function refuseStrangers(r: Reading, slos: readonly Slo[], receivers: readonly Receiver[]): void {
  const known = new Set(receivers.map(({ name }) => name));
  for (const [index, slo] of slos.entries()) {
    for (const [level, { to }] of slo.escalation.entries()) {
      if (known.has(to)) continue;
      note(
        r,
        "LL_SLO_SHAPE",
        `slos[${index}].escalation[${level}].to`,
        `no receiver is called ${to}`,
      );
    }
  }
}

function readSlo(r: Reading, value: unknown, path: string): Slo | null {
  const fields = readFields(r, value, path, sloKeys);
  if (fields === null) return null;
  const at = (key: string): string => joined(path, key);
  const id = readName(r, fields["id"], at("id"));
  const service = readName(r, fields["service"], at("service"));
  const sli = readSli(r, fields["sli"], at("sli"));
  const objective = readShare(r, fields["objective"], at("objective"));
  const windowMs = readSpan(r, fields["window"], at("window"));
  const method = readMethod(r, fields["method"], at("method"));
  const more = readMore(r, fields, path);
  if (id === null || service === null || sli === null) return null;
  if (objective === null || windowMs === null || method === null) return null;
  const alerts = readAlerts(r, fields["alerts"], { path: at("alerts"), windowMs });
  return { id, service, sli, objective, windowMs, method, alerts, ...more };
}

function readMore(
  r: Reading,
  fields: Fields,
  path: string,
): Pick<Slo, "traffic" | "escalation" | "description" | "runbook" | "labels"> {
  const text = (key: "description" | "runbook"): Partial<Slo> => {
    const value = fields[key];
    const found = value === undefined ? null : readText(r, value, joined(path, key));
    return found === null ? {} : { [key]: found };
  };
  const labels = fields["labels"];
  return {
    traffic: readTraffic(r, fields["traffic"], joined(path, "traffic")),
    escalation: readRows(r, fields["escalation"], joined(path, "escalation"), readLevel),
    ...text("description"),
    ...text("runbook"),
    ...(labels !== undefined && { labels: readLabels(r, labels, joined(path, "labels")) }),
  };
}

/** A name that files and labels of rules may have: no path, no quote. */
export function readName(r: Reading, value: unknown, path: string): string | null {
  const text = readText(r, value, path);
  if (text === null || (idPattern.test(text) && text.length <= nameMax)) return text;
  note(r, "LL_SLO_SHAPE", path, "expected a dotted lower-case name such as chat.availability");
  return null;
}

function readMethod(r: Reading, value: unknown, path: string): BudgetMethod | null {
  if (value === undefined || value === "occurrences") return { kind: "occurrences" };
  const fields = readFields(r, value, path, ["slice", "target"]);
  if (fields === null) return null;
  const sliceMs = readSpan(r, fields["slice"], joined(path, "slice"));
  const target = readShare(r, fields["target"], joined(path, "target"));
  return sliceMs === null || target === null ? null : { kind: "timeslices", sliceMs, target };
}

function readTraffic(r: Reading, value: unknown, path: string): Slo["traffic"] {
  const fields =
    value === undefined ? {} : readFields(r, value, path, ["expectedRps", "minEvents"]);
  const number = (key: string): number | null =>
    fields?.[key] === undefined ? null : readNumber(r, fields[key], joined(path, key));
  const rps = number("expectedRps");
  const minEvents = number("minEvents") ?? minEventsDefault;
  return rps === null ? { minEvents } : { expectedRps: rps, minEvents };
}

function readAlerts(
  r: Reading,
  value: unknown,
  of: { readonly path: string; readonly windowMs: number },
): Slo["alerts"] {
  const usual = of.windowMs < 7 * dayMs ? "static" : "burn";
  const fields = value === undefined ? {} : readFields(r, value, of.path, ["mode", "static"]);
  const given = fields?.["mode"];
  const mode =
    given === undefined ? usual : readOneOf(r, given, joined(of.path, "mode"), alertModes);
  const rows = readRows(r, fields?.["static"], joined(of.path, "static"), readStatic);
  return { mode: mode ?? usual, static: rows };
}

function readStatic(r: Reading, value: unknown, path: string): StaticAlert | null {
  const fields = readFields(r, value, path, ["severity", "over", "above"]);
  if (fields === null) return null;
  const severity = readOneOf(r, fields["severity"], joined(path, "severity"), ["page", "ticket"]);
  const overMs = readSpan(r, fields["over"], joined(path, "over"));
  const above = readShare(r, fields["above"], joined(path, "above"));
  return severity === null || overMs === null || above === null
    ? null
    : { severity, overMs, above };
}

function readLevel(r: Reading, value: unknown, path: string): EscalationLevel | null {
  const fields = readFields(r, value, path, ["after", "to"]);
  if (fields === null) return null;
  const afterMs = readSpan(r, fields["after"], joined(path, "after"));
  const to = readText(r, fields["to"], joined(path, "to"));
  if (afterMs !== null && afterMs % minuteMs !== 0) {
    note(r, "LL_SLO_SHAPE", joined(path, "after"), "a level comes after whole minutes");
  }
  return afterMs === null || to === null ? null : { afterMs, to };
}

function readReceiver(r: Reading, value: unknown, path: string): Receiver | null {
  const fields = readFields(r, value, path, ["name", "kind", "to", "via"]);
  if (fields === null) return null;
  const name = readName(r, fields["name"], joined(path, "name"));
  const kind = readOneOf(r, fields["kind"], joined(path, "kind"), receiverKinds);
  const text = (key: "to" | "via"): Partial<Receiver> => {
    const given = fields[key];
    const found = given === undefined ? null : readText(r, given, joined(path, key));
    return found === null ? {} : { [key]: found };
  };
  const more = { ...text("to"), ...text("via") };
  return name === null || kind === null ? null : { name, kind, ...more };
}

function readIntervals(r: Reading, value: unknown): SloDocument["intervals"] {
  const fields =
    value === undefined ? {} : readFields(r, value, "intervals", ["collect", "health"]);
  const span = (key: string, otherwise: number): number =>
    fields?.[key] === undefined
      ? otherwise
      : (readSpan(r, fields[key], `intervals.${key}`) ?? otherwise);
  return {
    collectMs: span("collect", defaultIntervals.collectMs),
    healthMs: span("health", defaultIntervals.healthMs),
  };
}

function readLabels(r: Reading, value: unknown, path: string): Record<string, string> {
  const labels: Record<string, string> = {};
  if (!isFields(value)) note(r, "LL_SLO_SHAPE", path, "expected a map of texts");
  for (const [key, text] of Object.entries(isFields(value) ? value : {})) {
    const found = readText(r, text, joined(path, key));
    if (found !== null) labels[key] = found;
  }
  return labels;
}
