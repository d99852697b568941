import { laterStages } from "./later-stages.ts";
import { loadStage } from "./load-stage.ts";
import { preflightStage } from "./preflight-stage.ts";
import { probeStage } from "./probe-stage.ts";
import { stackStage } from "./stack-stage.ts";
import type { Stage } from "./stage.ts";

/** Every stage of a run, in order, those that are only declared last; the only registry. */
export const stages: readonly Stage[] = [
  preflightStage,
  probeStage,
  stackStage,
  loadStage,
  ...laterStages,
];
