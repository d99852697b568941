import { loadStage } from "./load-stage.ts";
import { preflightStage } from "./preflight-stage.ts";
import { probeStage } from "./probe-stage.ts";
import { stackStage } from "./stack-stage.ts";
import type { Stage } from "./stage.ts";

/** Every stage this build runs, in order; the only registry. */
export const stages: readonly Stage[] = [preflightStage, probeStage, stackStage, loadStage];
