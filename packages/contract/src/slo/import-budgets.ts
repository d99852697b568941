import { daysText, percentText } from "./claims.ts";
import { isFields, joined, note, readFields, readMap, readPercent, readSpan } from "./fields.ts";
import type { Import } from "./import-context.ts";
import { dayMs, type Slo } from "./model.ts";

/** Periods that a budget may be stated for. */
const periods: ReadonlyMap<string, number> = new Map([
  ["daily", dayMs],
  ["weekly", 7 * dayMs],
  ["monthly", 30 * dayMs],
  ["quarterly", 90 * dayMs],
  ["yearly", 365 * dayMs],
]);
const timeKeys = ["budget", "downtime"];

/** A stated time may differ by what rounding to its last digit explains. */
const tolerance = 0.01;

/** `error_budgets`: recomputed from the objectives; a figure that differs is a problem. */
export function importBudgets(i: Import, value: unknown, path: string): void {
  const fields = readMap(i, value, path);
  if (fields === null) return;
  const overall = i.slos.find((slo) => slo.id === "availability");
  for (const [key, stated] of Object.entries(fields)) {
    const at = joined(path, key);
    const slo =
      i.slos.find((one) => one.id === key) ??
      i.slos.find((one) => one.id === `${key}.availability`);
    if (periods.has(key)) checkTime(i, { slo: overall, key, stated, path: at });
    else if (slo === undefined) {
      const known = [...i.slos.map((one) => one.id), ...periods.keys()];
      note(i, "LL_SLO_UNKNOWN_KEY", at, `no such objective. Known: ${known.join(", ")}.`);
    } else checkBudget(i, slo, stated, at);
  }
}

function checkBudget(i: Import, slo: Slo, stated: unknown, path: string): void {
  if (!isFields(stated)) return checkShare(i, slo, stated, path);
  const known = [...periods.keys(), "percentage"];
  for (const [key, one] of Object.entries(readFields(i, stated, path, known) ?? {})) {
    const at = joined(path, key);
    if (key === "percentage") checkShare(i, slo, one, at);
    else if (periods.has(key)) checkTime(i, { slo, key, stated: one, path: at });
  }
}

function checkShare(i: Import, slo: Slo, stated: unknown, path: string): void {
  const share = readPercent(i, stated, path);
  const own = 1 - slo.objective;
  if (share === null || Math.abs(share - own) <= own * tolerance) return;
  note(
    i,
    "LL_SLO_BUDGET",
    path,
    `${percentText(share)} is stated, ${slo.id} leaves ${percentText(own)}`,
  );
}

function checkTime(
  i: Import,
  c: {
    readonly slo: Slo | undefined;
    readonly key: string;
    readonly stated: unknown;
    readonly path: string;
  },
): void {
  const fields = isFields(c.stated) ? readFields(i, c.stated, c.path, timeKeys) : null;
  const key = timeKeys.find((one) => fields?.[one] !== undefined);
  const path = key === undefined ? c.path : joined(c.path, key);
  const stated = readSpan(i, key === undefined ? c.stated : fields?.[key], path);
  const periodMs = periods.get(c.key);
  if (stated === null || periodMs === undefined) return;
  if (c.slo === undefined) {
    note(i, "LL_SLO_BUDGET", path, "no availability is promised that this budget belongs to");
    return;
  }
  const own = budgetMs(c.slo.objective, periodMs);
  if (Math.abs(stated - own) <= own * tolerance) return;
  const follows = `${percentText(c.slo.objective)} over ${daysText(periodMs)} leaves ${daysText(own)}`;
  note(i, "LL_SLO_BUDGET", path, `${daysText(stated)} is stated, ${follows}`);
}

/** Time of a total outage that uses the budget up, ms. */
export function budgetMs(objective: number, periodMs: number): number {
  return Number(((1 - objective) * periodMs).toPrecision(10));
}
