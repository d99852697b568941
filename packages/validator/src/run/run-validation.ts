import { availableParallelism } from "node:os";
import { planDigest as digestOf, planFileText, type RunPlan, targetName } from "@loadline/contract";
import { earlierRuns } from "../evidence/earlier-runs.ts";
import { createRecorder, type Recorder } from "../evidence/recorder.ts";
import { createRedactor } from "../evidence/redact.ts";
import { makeRunDirectory, runName, writeWhole } from "../evidence/run-directory.ts";
import { sha256 } from "../evidence/sha256.ts";
import { validatorErrors } from "../errors.ts";
import { type PlanStages, stagesSchema } from "../plan/stages.ts";
import { closeRun } from "./close-run.ts";
import { runStages } from "./run-stages.ts";
import type { Stage, StageContext } from "./stage.ts";
import { stages as allStages } from "./stages.ts";
import type { Progress, ValidationDeps, ValidationResult } from "./types.ts";

const planYaml = "plan.yaml";

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

function openRecorder(
  plan: RunPlan,
  deps: ValidationDeps,
  o: { run: string; runDir: string; planDigest: string },
): Recorder {
  const secrets = deps.apiKey === undefined ? [] : [deps.apiKey];
  return createRecorder({
    ...o,
    target: targetName(plan.target),
    toolVersion: deps.toolVersion,
    clock: deps.clock,
    redactor: createRedactor(secrets, deps.random.bytes(32)),
  });
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
  const run = runName(deps.clock, deps.random);
  const runDir = makeRunDirectory(deps.runsDir, run);
  const planDigest = digestOf(plan, sha256);
  writeWhole(runDir, "plan.json", planFileText(plan));
  if (deps.planText !== undefined) writeWhole(runDir, planYaml, deps.planText);
  const recorder = openRecorder(plan, deps, { run, runDir, planDigest });
  try {
    const { platform, versions } = process;
    const facts = { node: versions.node, cpus: availableParallelism(), platform };
    const again = deps.reproduce === undefined ? {} : { reproduce: deps.reproduce };
    const started = { planDigest, toolVersion: deps.toolVersion, ...facts, ...again };
    recorder.append({ kind: "run.started", by: "run", data: started });
    const earlier = earlierRuns(deps.runsDir, { except: run, target: targetName(plan.target) });
    if (earlier.length > 0) recorder.append({ kind: "note", by: "run", data: { earlier } });
    await runAll({ plan, deps, stages, run, recorder });
    const reason = deps.signal.aborted ? "cancelled" : "done";
    recorder.append({ kind: "run.closed", by: "run", data: { reason } });
    recorder.sync();
    const closed = closeRun({ plan, planDigest, run, runDir, recorder, deps });
    const exitCode = deps.signal.aborted ? 130 : closed.verdict.exitCode;
    return { run, runDir, exitCode, ...closed };
  } finally {
    recorder.close();
  }
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
