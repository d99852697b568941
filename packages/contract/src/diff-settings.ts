/** What two plans configure differently, beside their claims. */
import { canonicalJson } from "./evidence/canonical-json.ts";
import type { RunPlan } from "./plan/run-plan.ts";

/** One setting that is not the same in both runs; `-` where a plan does not have it. */
export interface ChangedSetting {
  readonly path: string;
  readonly from: string;
  readonly to: string;
}

/** Settings that are listed; a plan changed beyond that is another plan. */
const settingsMax = 200;
const valueMax = 120;
const depthMax = 12;

function walk(value: unknown, path: string, depth: number, into: Map<string, string>): void {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (isObject && depth < depthMax) {
    for (const [key, inner] of Object.entries(value)) {
      walk(inner, path === "" ? key : `${path}.${key}`, depth + 1, into);
    }
    return;
  }
  if (value !== undefined) into.set(path, canonicalJson(value).slice(0, valueMax));
}

function settingsOf(plan: RunPlan) {
  const { stages, profile, confidence, maxWaived, budgetMinutes, maxAgeMs, retries } = plan;
  const known = new Map<string, string>();
  const own = { profile, confidence, maxWaived, budgetMinutes, maxAgeMs, retries };
  walk({ ...own, ...stages }, "", 0, known);
  return known;
}

/** Every setting of the stages that changed, by path; at most 200. */
export function changedSettings(a: RunPlan, b: RunPlan): ChangedSetting[] {
  const [before, after] = [settingsOf(a), settingsOf(b)];
  const paths = [...new Set([...before.keys(), ...after.keys()])].toSorted((x, y) =>
    x < y ? -1 : 1,
  );
  return paths
    .map((path) => ({ path, from: before.get(path) ?? "-", to: after.get(path) ?? "-" }))
    .filter(({ from, to }) => from !== to)
    .slice(0, settingsMax);
}
