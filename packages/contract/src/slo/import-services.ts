import { joined, note, readMap, readNumber, readPercent, readSpan } from "./fields.ts";
import type { Import } from "./import-context.ts";
import {
  addSlo,
  importAvailability,
  importErrorRate,
  importPercentile,
  type Named,
  readTarget,
} from "./import-targets.ts";
import { dayMs, type SloClaim } from "./model.ts";
import { findNearest } from "../plan/nearest.ts";

const month = 30 * dayMs;
const fixedKeys = [
  "availability",
  "p50_latency",
  "p95_latency",
  "p99_latency",
  "error_rate",
  "throughput_min",
  "operation_timeout",
  "description",
];
const patterns = "<operation>_latency_p99, <resource>_utilization";

/** `service_slos`: per service, in per cent, ms and requests a second. */
export function importServices(i: Import, value: unknown, path: string): void {
  for (const [service, row] of Object.entries(readMap(i, value, path) ?? {})) {
    const at = joined(path, service);
    if (!/^[a-z][a-z0-9_-]*$/.test(service)) {
      note(i, "LL_SLO_SHAPE", at, "a service has a lower-case name");
      continue;
    }
    for (const [key, target] of Object.entries(readMap(i, row, at) ?? {})) {
      if (key !== "description") importRow(i, { service, key, target, path: joined(at, key) });
    }
  }
}

interface Row {
  readonly service: string;
  readonly key: string;
  readonly target: unknown;
  readonly path: string;
}

function importRow(i: Import, row: Row): void {
  const { service, key, target, path } = row;
  const named = (id: string): Named => ({ service, id: `${service}.${id}`, path });
  if (key === "availability") return importAvailability(i, target, named(key));
  if (key === "error_rate") return importErrorRate(i, target, named(key));
  if (key === "throughput_min") return importThroughput(i, target, named("throughput"));
  if (key === "operation_timeout") return importTimeout(i, row);
  const percentile = /^(?:p(50|95|99)_latency|(?:([a-z0-9_]+)_)?latency_p(50|95|99))$/.exec(key);
  if (percentile !== null) {
    const [, first, operation, second] = percentile;
    const percent = first ?? second ?? "99";
    const id = `${operation === undefined ? "" : `${operation}.`}latency.p${percent}`;
    return importPercentile(i, target, { ...named(id), q: Number(percent) / 100, windowMs: month });
  }
  const resource = /^([a-z0-9_]+)_utilization$/.exec(key)?.[1];
  if (resource !== undefined) return importUtilization(i, row, resource);
  const nearest = findNearest(key, fixedKeys);
  const hint =
    nearest === null ? `Known: ${fixedKeys.join(", ")}, ${patterns}.` : `Did you mean ${nearest}?`;
  note(i, "LL_SLO_UNKNOWN_KEY", path, `unknown key. ${hint}`);
}

function importThroughput(i: Import, value: unknown, named: Named): void {
  const target = readTarget(i, value, named.path, month);
  const minPerSecond = readNumber(i, target.value, target.path);
  if (minPerSecond === null) return;
  const { good } = i.options.series[named.service] ?? {};
  const sli = { kind: "throughput", minPerSecond, ...(good !== undefined && { good }) } as const;
  addSlo(i, named, { target, objective: 0.99, sli });
}

const shared = {
  parts: ["all"],
  confidence: 0.95,
  required: true,
} as const;

/** A bare number is ms, as all of the section; one that is too small to be meant so is refused. */
function importTimeout(i: Import, { service, target, path }: Row): void {
  const limit = readSpan(i, target, path, 1);
  if (limit === null) return;
  if (typeof target === "number" && limit < 1000) {
    note(
      i,
      "LL_SLO_UNIT",
      path,
      `${limit} is in ms like its neighbours; write "${limit} s" if seconds are meant`,
    );
    return;
  }
  i.claims.push({
    ...shared,
    id: `slo.${service}.timeout`,
    statement: `${service}: an operation that does not end is given up after ${limit / 1000} s`,
    kind: "predicate",
    of: `load.${service}.timeout`,
    limit,
    unit: "ms",
    category: "Performance & Capacity",
    rationale: "A caller that waits without end holds what others need.",
  });
}

function importUtilization(i: Import, { service, target, path }: Row, resource: string): void {
  const share = readPercent(i, target, path);
  if (share === null) return;
  const claim: SloClaim = {
    ...shared,
    id: `slo.${service}.${resource}.utilization`,
    statement: `${service}: ${resource} is used to at most ${share * 100} % in this run`,
    kind: "bound",
    of: `probe.${service}.${resource}.utilization`,
    limit: share * 100,
    unit: "%",
    category: "Performance & Capacity",
    rationale: "A resource without room fails with the next peak.",
  };
  i.claims.push(claim);
}
