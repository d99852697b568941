import type { RunPlan } from "@loadline/contract";
import type { Recorder } from "../evidence/recorder.ts";
import type { PlanStages } from "../plan/stages.ts";
import type { TargetContract } from "../probes/probe.ts";
import type { Progress, ValidationDeps } from "./types.ts";

/** Found out about the target before anything is judged. */
export interface Preflight {
  readonly contract: TargetContract;
  readonly model: string;
}

export interface StageContext {
  readonly plan: RunPlan;
  readonly stages: PlanStages;
  readonly deps: ValidationDeps;
  readonly recorder: Recorder;
  readonly run: string;
  /** Written by the preflight stage. */
  preflight: Preflight;
  progress(progress: Omit<Progress, "stage">): void;
}

/** One step of a run. Observes and records; never decides. */
export interface Stage {
  readonly id: string;
  /** Streams whose claims it feeds, by prefix. */
  readonly feeds: string;
  /** How long it is expected to take. */
  plannedMs(stages: PlanStages): number;
  run(context: StageContext): Promise<void>;
}
