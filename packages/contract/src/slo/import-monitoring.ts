import {
  isFields,
  joined,
  note,
  readFields,
  readList,
  readMap,
  readOneOf,
  readSpan,
  readText,
} from "./fields.ts";
import type { Import } from "./import-context.ts";
import { type Receiver, receiverKinds, type SloClaim } from "./model.ts";

const monitoringKeys = [
  "collection_interval",
  "health_check_interval",
  "evaluation_interval",
  "alert_channels",
  "escalation",
];
const channelKeys = ["name", "type", "to", "via"];
const kinds: ReadonlyMap<string, Receiver["kind"]> = new Map([
  ...receiverKinds.map((kind) => [kind, kind] as const),
  ["slack", "chat"],
  ["teams", "chat"],
  ["pagerduty", "pager"],
  ["email", "mail"],
]);

/** `monitoring`: how often it is looked, who is told, and who next. Bare numbers are seconds. */
export function importMonitoring(i: Import, value: unknown, path: string): void {
  const fields = readFields(i, value, path, monitoringKeys);
  if (fields === null) return;
  const span = (key: string, otherwise: number): number =>
    fields[key] === undefined
      ? otherwise
      : (readSpan(i, fields[key], joined(path, key), 1000) ?? otherwise);
  span("evaluation_interval", 0);
  i.intervals = {
    collectMs: span("collection_interval", i.intervals.collectMs),
    healthMs: span("health_check_interval", i.intervals.healthMs),
  };
  const channels = fields["alert_channels"];
  if (channels !== undefined) importChannels(i, channels, joined(path, "alert_channels"));
  const levels = fields["escalation"];
  if (levels !== undefined) importEscalation(i, levels, joined(path, "escalation"));
}

function importChannels(i: Import, value: unknown, path: string): void {
  for (const [index, row] of (readList(i, value, path) ?? []).entries()) {
    const at = `${path}[${index}]`;
    const fields = readFields(i, isFields(row) ? row : { type: row }, at, channelKeys);
    const type = readText(i, fields?.["type"], joined(at, "type"));
    if (fields === null || type === null) continue;
    const kind = kinds.get(type);
    if (kind === undefined) {
      note(
        i,
        "LL_SLO_SHAPE",
        joined(at, "type"),
        `expected one of ${[...kinds.keys()].join(", ")}`,
      );
      continue;
    }
    const text = (key: string): string | null =>
      fields[key] === undefined ? null : readText(i, fields[key], joined(at, key));
    const to = text("to");
    const via = text("via");
    const name = text("name") ?? freeName(i.receivers, type);
    i.receivers.push({ name, kind, ...(to !== null && { to }), ...(via !== null && { via }) });
  }
}

/** `email`, then `email-2`: no two channels are one receiver. */
function freeName(receivers: readonly Receiver[], type: string): string {
  const taken = new Set(receivers.map(({ name }) => name));
  const numbered = receivers.map((_, index) => `${type}-${index + 2}`);
  return [type, ...numbered].find((name) => !taken.has(name)) ?? type;
}

function importEscalation(i: Import, value: unknown, path: string): void {
  for (const [index, row] of (readList(i, value, path) ?? []).entries()) {
    const at = `${path}[${index}]`;
    const fields = readFields(i, row, at, ["level", "after", "to"]);
    if (fields === null) continue;
    const afterMs = readSpan(i, fields["after"], joined(at, "after"), 60_000);
    const to = readText(i, fields["to"], joined(at, "to"));
    if (afterMs === null || to === null) continue;
    const isKnown = i.receivers.some((one) => one.name === to);
    const last = i.escalation.at(-1);
    if (!isKnown) note(i, "LL_SLO_SHAPE", joined(at, "to"), `no alert channel is called ${to}`);
    else if (last !== undefined && last.afterMs >= afterMs) {
      note(i, "LL_SLO_SHAPE", joined(at, "after"), "each level comes later than the one before");
    } else i.escalation.push({ afterMs, to });
  }
}

/** `validation`: the profile that proves the file. */
export function importValidation(i: Import, value: unknown, path: string): void {
  const fields = readFields(i, value, path, ["profile"]);
  if (fields?.["profile"] === undefined) return;
  const profile = readOneOf(i, fields["profile"], joined(path, "profile"), ["quick", "full"]);
  if (profile !== null) i.profile = profile;
}

const duties: Readonly<
  Record<
    string,
    Pick<SloClaim, "of" | "category" | "rationale"> & {
      readonly what: string;
      /** What has to be at least so much; all else is at most. */
      readonly isLeast?: true;
    }
  >
> = {
  secret_rotation: {
    what: "no secret is older than",
    of: "audit.secrets.age",
    category: "Security & Compliance",
    rationale: "A secret that leaked unseen ends with its rotation.",
  },
  audit_retention: {
    what: "audit records are kept for at least",
    isLeast: true,
    of: "audit.log.retention",
    category: "Security & Compliance",
    rationale: "What happened has to be told later than it is asked.",
  },
  rpo: {
    what: "a restore loses at most the records of the last",
    of: "drill.restore.rpo",
    category: "Disaster Recovery",
    rationale: "Backups bound what a disaster can take.",
  },
  rto: {
    what: "a restore ends within",
    of: "drill.restore.rto",
    category: "Disaster Recovery",
    rationale: "Callers wait until a restore has ended.",
  },
};

/** `compliance`: each duty becomes a claim with a limit, decided by audits and drills. */
export function importCompliance(i: Import, value: unknown, path: string): void {
  const fields = readMap(i, value, path);
  if (readFields(i, value, path, Object.keys(duties)) === null || fields === null) return;
  for (const [key, { what, isLeast, ...rest }] of Object.entries(duties)) {
    const stated = fields[key];
    if (stated === undefined) continue;
    const limit = readSpan(i, stated, joined(path, key));
    if (limit === null) continue;
    i.claims.push({
      ...rest,
      id: `slo.${key}`,
      statement: `${what} ${limit / 3_600_000} h`,
      kind: isLeast === true ? "predicate" : "bound",
      limit,
      unit: "ms",
      parts: ["all"],
      confidence: 0.95,
      required: true,
    });
  }
}
