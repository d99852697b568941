import type { RunPlan } from "@loadline/contract";
import { checkBudget } from "./budget.ts";
import { type PlanStages, readStages } from "../plan/stages.ts";
import { shareWithOwn } from "../own-claims/share.ts";
import { recordRun } from "./record-run.ts";
import { runStages } from "./run-stages.ts";
import { checkDigests } from "../evidence/check-digests.ts";
import { readInterrupted } from "./resume.ts";
import type { RunBefore, Stage, StageContext } from "./stage.ts";
import { stages as allStages } from "./stages.ts";
import type { Progress, ValidationDeps, ValidationResult } from "./types.ts";

/** Progress with the time left of all stages: that of this one and the plans of those after it. */
function progressOf(
  deps: ValidationDeps,
  stages: PlanStages,
  id: string,
): StageContext["progress"] {
  const index = allStages.findIndex((stage) => stage.id === id);
  const later = allStages.slice(index + 1).filter((stage) => !stages.skip.includes(stage.id));
  const laterMs = later.reduce((sum, stage) => sum + stage.plannedMs(stages), 0);
  return (p) => {
    const own = p.leftMs ?? allStages[index]?.plannedMs(stages) ?? 0;
    const isOver = p.state === "done" || p.state === "skipped";
    const leftMs = isOver ? laterMs : own + laterMs;
    deps.onProgress({ ...p, stage: id, leftMs });
  };
}

/**
 * Runs a plan against its target: preflight, stages, fold, bundle, views. Never throws for the
 * target's fault. @throws LL_RUN_DIRECTORY, LL_PLAN_INVALID, LL_PLAN_OVER_BUDGET before anything is sent.
 */
export async function runValidation(
  plan: RunPlan,
  deps: ValidationDeps,
): Promise<ValidationResult> {
  const stages = readStages(plan);
  const { rows, sumMs, budgetMs } = checkBudget(plan);
  return recordRun(plan, { ...deps, checkDigests: checkDigests(stages) }, (run, recorder) => {
    recorder.append({ kind: "note", by: "run", data: { budget: { rows, sumMs, budgetMs } } });
    return runAll({ plan, deps, stages, run, recorder, before: nothingBefore });
  });
}

const nothingBefore: RunBefore = { finished: new Set(), begun: new Set(), closed: new Set() };

/**
 * Goes on with a run that was interrupted: finished stages are not repeated, the chain of records
 * continues. @throws LL_RUN_RESUME with the reason why not, LL_BUNDLE_READ, LL_RUN_DIRECTORY.
 */
export async function resumeValidation(
  path: string,
  deps: ValidationDeps,
): Promise<ValidationResult> {
  const { plan, before, resumed, planText } = await readInterrupted(path, deps);
  const stages = readStages(plan);
  const given = planText === undefined ? {} : { planText };
  const own = { ...deps, ...given, checkDigests: checkDigests(stages) };
  return recordRun(
    plan,
    own,
    (run, recorder) => runAll({ plan, deps: own, stages, run, recorder, before }),
    resumed,
  );
}

async function runAll(
  o: Pick<StageContext, "plan" | "deps" | "stages" | "run" | "recorder" | "before">,
): Promise<void> {
  let show = progressOf(o.deps, o.stages, allStages[0]?.id ?? "");
  const context: StageContext = {
    ...o,
    recorder: shareWithOwn(o.recorder, o.plan, o.stages.own),
    preflights: new Map(),
    progress: (p) => show(p),
  };
  const report = (stage: Stage, state: Progress["state"]): void => {
    show = progressOf(o.deps, o.stages, stage.id);
    if (state === "running") return;
    show({ state, done: state === "done" ? 1 : 0, total: 1, text: "" });
  };
  await runStages(context, report);
}
