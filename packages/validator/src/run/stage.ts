import type { RunPlan } from "@loadline/contract";
import type { Recorder } from "../evidence/recorder.ts";
import type { PlanStages } from "../plan/stages.ts";
import type { TargetContract } from "../probes/probe.ts";
import type { Progress, ValidationDeps } from "./types.ts";

/** Found out about the target before anything is judged. */
export interface Preflight {
  readonly contract: TargetContract;
  readonly model: string;
  /** The plan names no model, and the target's rate limit kept its list: `model` is a guess. */
  readonly isModelUntold: boolean;
}

/** What a run that was interrupted had done. */
export interface RunBefore {
  readonly finished: ReadonlySet<string>;
  readonly begun: ReadonlySet<string>;
  /** Streams with a closed sample; they take no further evidence. */
  readonly closed: ReadonlySet<string>;
}

export interface StageContext {
  readonly plan: RunPlan;
  readonly stages: PlanStages;
  readonly deps: ValidationDeps;
  readonly recorder: Recorder;
  readonly run: string;
  /** Of a resumed run: what the interrupted one left; else nothing. */
  readonly before: RunBefore;
  /** Written by the preflight stage. */
  preflight: Preflight;
  progress(progress: Omit<Progress, "stage">): void;
}

/** One step of a run. Observes and records; never decides. */
export interface Stage {
  readonly id: string;
  /** No build runs it yet: its claims are declared and stay not tested. */
  readonly isDeclaredOnly?: true;
  /**
   * What a resumed run does with it where it was interrupted: all of it again, pooled with what was
   * seen; the parts that were not closed; or nothing, its open claims stay not tested.
   */
  readonly resume: "repeat" | "parts" | "never";
  /** Streams whose claims it feeds, by prefix. */
  readonly feeds: string;
  /** How long it is expected to take. */
  plannedMs(stages: PlanStages): number;
  run(context: StageContext): Promise<void>;
}
