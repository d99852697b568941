import type { RunPlan } from "@loadline/contract";
import type { Recorder } from "../evidence/recorder.ts";
import type { PlanStages } from "../plan/stages.ts";
import { type PlanTarget, askedTargets } from "../plan/targets.ts";
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
  /** What the preflight stage found out about each target, by its name among several. */
  readonly preflights: Map<string | null, Preflight>;
  progress(progress: Omit<Progress, "stage">): void;
}

/** What a stage needs to ask one target. */
export interface TargetContext extends StageContext {
  readonly target: PlanTarget;
  readonly preflight: Preflight;
  /** Of the plan's keys the one of this target. */
  readonly apiKey: string | undefined;
}

/** Nothing is known of a target before it was asked. */
const unasked: TargetContract = {
  models: "unknown",
  chat: "unknown",
  embeddings: "unknown",
  health: "unknown",
};

/** The context of each target in turn; none of a plan about a stack alone. */
export function targetContexts(context: StageContext): TargetContext[] {
  const { stages, preflights, deps } = context;
  return askedTargets(stages).map((target): TargetContext => {
    const { key, manifest } = target;
    const preflight = preflights.get(key) ?? {
      contract: unasked,
      model: manifest.model ?? "default",
      isModelUntold: false,
    };
    const apiKey = key === null ? deps.apiKey : deps.apiKeys?.get(key);
    return { ...context, target, preflight, apiKey };
  });
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
