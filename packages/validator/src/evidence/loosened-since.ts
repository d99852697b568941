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

/** An earlier run that asked under the same profile. */
export interface LikeRun {
  readonly run: string;
  readonly folder: string;
  readonly plan: RunPlan;
}

/**
 * The newest run of the same target and profile; null without one. Imports of different results may
 * share one target's name: they promise nothing to each other.
 */
export function newestLike(
  runsDir: string,
  earlier: readonly EarlierRun[],
  { profile }: Pick<RunPlan, "profile">,
): LikeRun | null {
  if (profile === "import") return null;
  for (const { run, folder } of earlier) {
    const plan = readPlan(parseJson(textOf(join(runsDir, folder, "plan.json"))));
    if (plan?.profile === profile) return { run, folder, plan };
  }
  return null;
}

/**
 * What the plan asks less of than the run before did, a sentence each, at most 31: every report lists
 * them under what it does not prove.
 */
export function loosenedSince({ run, plan: before }: LikeRun, plan: RunPlan): readonly string[] {
  const all = loosenedClaims(before, plan).map((one) => say(run, one));
  if (all.length <= loosenedMax) return all;
  const more = `That ${all.length - loosenedMax} more claims hold as the run ${run} asked them.`;
  return [...all.slice(0, loosenedMax), more];
}
