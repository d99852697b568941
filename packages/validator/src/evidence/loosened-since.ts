import { join } from "node:path";
import {
  type Loosened,
  loosenedClaims,
  readPlan,
  type ReportModel,
  type RunPlan,
} from "@loadline/contract";
import { parseJson } from "@loadline/kit/json";
import { textOf } from "./earlier-runs.ts";

/** More of them are counted, not listed. */
export const loosenedMax = 30;

/** The plan of an earlier run; one that was resumed lies in a folder of its own. */
function planOf(runsDir: string, run: string): RunPlan | null {
  const texts = [run, `${run}-r001`].map((name) => textOf(join(runsDir, name, "plan.json")));
  return readPlan(parseJson(texts.find((text) => text !== "") ?? ""));
}

function say(run: string, { claim, what, from, to }: Loosened): string {
  const how = what === "claim" ? `it was ${from}, is ${to}` : `its ${what} was ${from}, is ${to}`;
  return `That ${claim} holds as the run ${run} asked it: ${how}.`;
}

/**
 * What the plan asks less of than the newest run of the same target and profile did, a sentence
 * each, at most 30: every report lists them under what it does not prove.
 */
export function loosenedSince(
  runsDir: string,
  earlier: ReportModel["earlier"],
  plan: RunPlan,
): readonly string[] {
  for (const { run } of earlier) {
    const before = planOf(runsDir, run);
    if (before === null || before.profile !== plan.profile) continue;
    const all = loosenedClaims(before, plan).map((one) => say(run, one));
    if (all.length <= loosenedMax) return all;
    const more = `That ${all.length - loosenedMax} more claims hold as the run ${run} asked them.`;
    return [...all.slice(0, loosenedMax), more];
  }
  return [];
}
