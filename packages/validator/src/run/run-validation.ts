import type { RunPlan } from "@loadline/contract";
import { validatorErrors } from "../errors.ts";
import { type PlanStages, stagesSchema } from "../plan/stages.ts";
import { recordRun } from "./record-run.ts";
import { runStages } from "./run-stages.ts";
import type { Stage, StageContext } from "./stage.ts";
import { stages as allStages } from "./stages.ts";
import type { Progress, ValidationDeps, ValidationResult } from "./types.ts";

function readStages(plan: RunPlan): PlanStages {
  const parsed = stagesSchema.safeParse(plan.stages);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.map(String).join(".") ?? "";
  throw validatorErrors.make("LL_PLAN_INVALID", `stages.${where}: ${issue?.message ?? "invalid"}`);
}

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
    const leftMs = p.state === "done" ? laterMs : own + laterMs;
    deps.onProgress({ ...p, stage: id, leftMs });
  };
}

/**
 * Runs a plan against its target: preflight, stages, fold, bundle, views. Never throws for the
 * target's fault. @throws LL_RUN_DIRECTORY, LL_PLAN_INVALID before anything is sent.
 */
export async function runValidation(
  plan: RunPlan,
  deps: ValidationDeps,
): Promise<ValidationResult> {
  const stages = readStages(plan);
  return recordRun(plan, deps, (run, recorder) => runAll({ plan, deps, stages, run, recorder }));
}

async function runAll(
  o: Pick<StageContext, "plan" | "deps" | "stages" | "run" | "recorder">,
): Promise<void> {
  const unknown = {
    models: "unknown",
    chat: "unknown",
    embeddings: "unknown",
    health: "unknown",
  } as const;
  let show = progressOf(o.deps, o.stages, allStages[0]?.id ?? "");
  const context: StageContext = {
    ...o,
    preflight: { contract: unknown, model: o.stages.target.model ?? "default" },
    progress: (p) => show(p),
  };
  const report = (stage: Stage, state: Progress["state"]): void => {
    progressOf(
      o.deps,
      o.stages,
      stage.id,
    )({ state, done: state === "done" ? 1 : 0, total: 1, text: "" });
    const next = allStages[allStages.indexOf(stage) + 1];
    if (state === "done" && next !== undefined) show = progressOf(o.deps, o.stages, next.id);
  };
  await runStages(context, report);
}
