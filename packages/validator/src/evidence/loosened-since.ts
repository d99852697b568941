import { join } from "node:path";
import { type Loosened, loosenedClaims, readPlan, type RunPlan } from "@loadline/contract";
import { parseJson } from "@loadline/kit/json";
import { type EarlierRun, textOf } from "./earlier-runs.ts";

/** More of them are counted, not listed. */
export const loosenedMax = 30;
/** Characters of one sentence; all of them stand in one record. */
export const sentenceMax = 300;

function say(run: string, { claim, what, from, to }: Loosened): string {
  const how = what === "claim" ? `it was ${from}, is ${to}` : `its ${what} was ${from}, is ${to}`;
  const whole = [...`That ${claim} holds as the run ${run} asked it: ${how}.`];
  return whole.length <= sentenceMax
    ? whole.join("")
    : `${whole.slice(0, sentenceMax - 1).join("")}…`;
}

/**
 * What the plan asks less of than the newest run of the same target and profile did, a sentence
 * each, at most 30: every report lists them under what it does not prove.
 */
export function loosenedSince(
  runsDir: string,
  earlier: readonly EarlierRun[],
  plan: RunPlan,
): readonly string[] {
  // Imports of different results may share one target's name: they promise nothing to each other.
  if (plan.profile === "import") return [];
  for (const { run, folder } of earlier) {
    const before = readPlan(parseJson(textOf(join(runsDir, folder, "plan.json"))));
    if (before === null || before.profile !== plan.profile) continue;
    const all = loosenedClaims(before, plan).map((one) => say(run, one));
    if (all.length <= loosenedMax) return all;
    const more = `That ${all.length - loosenedMax} more claims hold as the run ${run} asked them.`;
    return [...all.slice(0, loosenedMax), more];
  }
  return [];
}
